//! The end of a session, rehearsed in front of a gateway that runs.

use serde_json::json;

use super::clinic::Clinic;
use crate::keycloak::world::text;
use crate::support::gateway::run;

/// Nothing is left, at Keycloak and here.
fn leaves_nothing(clinic: &Clinic) {
    assert_eq!(clinic.realm.get("users?username=doorward-probe"), json!([]));
    let file = clinic.path("doorward.toml");
    let listed = run(&["users", "list", "--config", file.to_str().unwrap()]);
    assert!(!String::from_utf8_lossy(&listed.stdout).contains("doorward-probe"), "{listed:?}");
}

#[test]
fn a_rehearsed_end_of_a_session_is_timed_and_leaves_nothing() {
    let clinic = Clinic::open();
    let gateway = clinic.start();
    // By a browser's form, then by passwords.
    for by_passwords in [false, true] {
        clinic.set_client(|client| client["directAccessGrantsEnabled"] = json!(by_passwords));
        let seen = clinic.examine(&["--probe"]);
        for check in ["probe-token", "probe-signal", "probe-cleanup"] {
            assert_eq!(seen.verdict(check), "ok", "{}\n{}", seen.output, gateway.log.text());
        }
        let told = text(&seen.only("probe-signal"), "message").to_owned();
        assert!(told.contains("ms"), "{told}");
        leaves_nothing(&clinic);
    }
    // What the rehearsal has shown, the next look infers.
    assert_eq!(clinic.examine(&[]).verdict("backchannel-logout"), "ok");
}

#[test]
fn a_logout_token_that_does_not_come_is_found_by_the_rehearsal_and_mended_by_its_line() {
    let clinic = Clinic::with(|realm| {
        realm["clients"][0]["directAccessGrantsEnabled"] = json!(true);
        realm["clients"][0]["attributes"]["backchannel.logout.url"] = json!("");
    });
    let gateway = clinic.start();
    let late = clinic.examine(&["--probe"]);
    assert_eq!(
        (late.verdict("probe-token"), late.code),
        ("fail".into(), Some(1)),
        "{}\n{}",
        late.output,
        gateway.log.text()
    );
    assert!(text(&late.only("probe-signal"), "message").contains("the events told it"), "{}", late.output);
    assert_eq!(late.verdict("probe-cleanup"), "ok");
    assert_eq!(clinic.examine(&[]).verdict("backchannel-logout"), "warn", "events have told, and no logout token");
    clinic.is_mended_by_its_line("probe-signal", "fail", |clinic| clinic.examine(&["--probe"]));
    leaves_nothing(&clinic);
}

#[test]
fn a_rehearsal_that_cannot_begin_says_what_it_lacks() {
    let clinic = Clinic::open();
    let nobody = clinic.examine(&["--probe"]);
    assert_eq!(nobody.verdict("probe-token"), "not-tried");
    assert!(text(&nobody.only("probe-token"), "message").contains("no gateway answers"), "{}", nobody.output);

    let _gateway = clinic.start();
    clinic.set_client(|client| client["redirectUris"] = json!(["http://127.0.0.1:1/elsewhere"]));
    let off = clinic.examine(&["--probe"]);
    assert_eq!(off.verdict("probe-token"), "not-tried", "{}", off.output);
    assert!(off.advises("probe-token", "/auth/callback"), "{}", off.output);
    assert_eq!(off.verdict("probe-cleanup"), "ok");
    leaves_nothing(&clinic);

    clinic.set_client(|client| client["directAccessGrantsEnabled"] = json!(true));
    clinic.type_in(&format!(
        "kcadm.sh remove-roles -r {} --uusername service-account-doorward --cclientid realm-management --rolename manage-users",
        clinic.realm.name()
    ));
    let forbidden = clinic.examine(&["--probe"]);
    assert_eq!(forbidden.verdict("probe-token"), "not-tried", "{}", forbidden.output);
    assert!(forbidden.advises("probe-token", "--admin-user"), "{}", forbidden.output);
    let by_administrator = clinic.look(&["--json", "--probe", "--admin-user", "admin"], "admin\n");
    assert_eq!(by_administrator.verdict("probe-token"), "ok", "{}", by_administrator.output);
    leaves_nothing(&clinic);
}
