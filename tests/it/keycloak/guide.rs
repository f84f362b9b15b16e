//! The lines of `docs/getting-started.md` that prepare an existing Keycloak do what the page says.

use std::process::Command;

use serde_json::{Value, json};
use test_services::keycloak::{Keycloak, Realm};

use crate::keycloak::front::Front;
use crate::keycloak::world::{World, text, verdict};

/// Runs every block of shell of the chapter as it stands, but for the values that a reader puts in.
fn follow_the_guide(realm: &Realm) {
    let root = env!("CARGO_MANIFEST_DIR");
    let page = std::fs::read_to_string(format!("{root}/docs/getting-started.md")).unwrap();
    let chapter = page.split("## With an existing Keycloak").nth(1).unwrap().split("### 2.").next().unwrap();
    let blocks: Vec<&str> = chapter.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks[0].starts_with("SERVER="), "the first block is the reader's: {}", blocks[0]);
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "set -eu\nkcadm.sh() {{ '{root}/tools/keycloak' kcadm \"$@\" --config '{}'; }}\n\
         SERVER={} REALM={} GATEWAY=http://127.0.0.1:8000 INSIDE=http://127.0.0.1:8000 SECRET=doorward-secret PASSWORD=admin\n{}",
        directory.path().join("kcadm").display(),
        realm.issuer().split("/realms/").next().unwrap(),
        realm.name(),
        blocks[1..].concat(),
    );
    let output = Command::new("bash").arg("-c").arg(script).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_realm_prepared_by_the_guide_works_with_the_gateway() {
    let world = World::of(Keycloak::shared().realm_with(|realm| {
        let alice = realm["users"].as_array().unwrap().iter().find(|user| user["username"] == "alice").unwrap();
        let bob = realm["users"].as_array().unwrap().iter().find(|user| user["username"] == "bob").unwrap();
        let mut people = json!([alice, bob]);
        for user in people.as_array_mut().unwrap() {
            user.as_object_mut().unwrap().remove("realmRoles");
        }
        *realm = json!({"realm": realm["realm"], "enabled": true, "users": people});
    }));
    let realm = world.realm();
    follow_the_guide(realm);

    // The service account finds people, tokens are accepted, and who logs in is known to the application.
    let front = Front::of(&world);
    let alice = front.tokens("alice");
    assert_eq!(front.status("/admin/reports", text(&alice, "access_token")), 200);
    assert_eq!(world.introspect(text(&alice, "access_token"), "access_token")["active"], true);
    assert_eq!(realm.get("events?type=LOGIN").as_array().unwrap().len(), 1);
    let body = json!({"username": "grace", "attributes": {"doorward_id": ["1"]}});
    assert_eq!(world.admin("POST", "users", Some(&body)).status, 201);
    assert_eq!(world.admin("GET", "users?q=doorward_id:1", None).json()[0]["username"], "grace");
    assert_eq!(world.admin("GET", "admin-events?max=1", None).status, 200);

    // Every setting of the gateway's client that the guide makes is that of the realm file.
    let client = realm.get("clients?clientId=doorward")[0].clone();
    let file: Value = serde_json::from_str(devrealm::REALM_JSON).unwrap();
    let wanted = &file["clients"][0];
    for name in [
        "publicClient",
        "standardFlowEnabled",
        "implicitFlowEnabled",
        "directAccessGrantsEnabled",
        "serviceAccountsEnabled",
        "fullScopeAllowed",
        "frontchannelLogout",
    ] {
        assert_eq!(client[name], wanted[name], "{name}");
    }
    for name in
        ["pkce.code.challenge.method", "access.token.header.type.rfc9068", "backchannel.logout.session.required"]
    {
        assert_eq!(client["attributes"][name], wanted["attributes"][name], "{name}");
    }
    assert_eq!(client["attributes"]["backchannel.logout.url"], "http://127.0.0.1:8000/auth/backchannel-logout");
    assert_eq!(client["adminUrl"], format!("http://127.0.0.1:8000/auth/keycloak/{}", realm.name()));
    let settings = realm.get("");
    for name in ["accessTokenLifespan", "revokeRefreshToken", "refreshTokenMaxReuse", "verifyEmail", "failureFactor"] {
        assert_eq!(settings[name], file[name], "{name}");
    }
    assert_eq!(settings["attributes"]["adminEventsExpiration"], "86400");
    assert!(settings["enabledEventTypes"].to_string().contains("USER_SESSION_DELETED"));
    let refused = world.refresh("garbage");
    assert_eq!(verdict(&refused), (400, "invalid_grant: Invalid refresh token".to_owned()));
}
