//! What the gateway's own client sees of a realm that is not as it should be.

use serde_json::json;

use super::clinic::Clinic;
use crate::keycloak::world::text;

#[test]
fn what_our_own_tokens_tell_is_mended_by_the_line_that_is_named() {
    let clinic = Clinic::open();
    let examine = |clinic: &Clinic| clinic.examine(&[]);

    let mapper = text(&clinic.client("doorward")["protocolMappers"][0], "id").to_owned();
    clinic
        .realm
        .delete(&format!("clients/{}/protocol-mappers/models/{mapper}", text(&clinic.client("doorward"), "id")));
    let without = clinic.examine(&[]);
    assert_eq!(without.verdict("token"), "ok", "what else a token has is looked at all the same: {}", without.output);
    assert_eq!(without.verdict("introspection"), "not-tried");
    clinic.is_mended_by_its_line("audience", "fail", examine);
    assert_eq!(clinic.examine(&[]).verdict("introspection"), "ok");

    clinic.set_client(|client| {
        client["attributes"]["access.token.header.type.rfc9068"] = json!("false");
        client["attributes"]["access.token.lifespan"] = json!("3600");
    });
    clinic.is_mended_by_its_line("token-type", "warn", examine);
    clinic.is_mended_by_its_line("token-lifetime", "warn", examine);
    assert!(clinic.examine(&[]).complaints().is_empty());
}

#[test]
fn what_the_realm_keeps_of_events_is_mended_by_the_line_that_is_named() {
    let clinic = Clinic::open();
    let examine = |clinic: &Clinic| clinic.examine(&[]);
    clinic.realm.put("", &json!({"eventsEnabled": false, "adminEventsEnabled": false, "bruteForceProtected": false}));
    clinic.is_mended_by_its_line("user-events", "fail", examine);
    clinic.is_mended_by_its_line("admin-events", "fail", examine);
    clinic.is_mended_by_its_line("brute-force", "warn", examine);

    clinic.realm.put("", &json!({"enabledEventTypes": ["LOGIN", "LOGOUT"], "adminEventsDetailsEnabled": false}));
    let missing = clinic.examine(&[]);
    let told = text(&missing.only("user-events"), "message").to_owned();
    assert!(told.contains("USER_SESSION_DELETED") && !told.contains("LOGOUT,"), "{told}");
    clinic.is_mended_by_its_line("user-events", "fail", examine);
    let kept = clinic.realm.get("events/config");
    let kept = kept["enabledEventTypes"].as_array().unwrap();
    assert!(kept.contains(&json!("LOGIN")), "what was kept before is kept still: {kept:?}");
    clinic.is_mended_by_its_line("admin-events", "warn", examine);
    clinic.realm.put("", &json!({"eventsExpiration": 60}));
    clinic.is_mended_by_its_line("user-events", "warn", examine);
}

#[test]
fn a_service_account_without_roles_says_what_would_give_them() {
    let clinic = Clinic::open();
    let names = ["manage-users", "view-users", "query-users", "view-events"].map(|name| format!(" --rolename {name}"));
    let account = "--uusername service-account-doorward --cclientid realm-management";
    clinic.type_in(&format!("kcadm.sh remove-roles -r {} {account}{}", clinic.realm.name(), names.concat()));
    let seen = clinic.examine(&[]);
    assert_eq!(seen.code, Some(1));
    for check in ["user-events", "admin-events"] {
        assert_eq!(seen.verdict(check), "not-tried", "{}", seen.output);
        assert!(seen.advises(check, "--rolename view-events"), "{}", seen.output);
    }
    clinic.is_mended_by_its_line("service-account", "fail", |clinic| clinic.examine(&[]));
    assert!(clinic.examine(&[]).complaints().is_empty());
    clinic.type_in(&format!("kcadm.sh add-roles -r {} {account} --rolename manage-clients", clinic.realm.name()));
    clinic.is_mended_by_its_line("service-account", "warn", |clinic| clinic.examine(&[]));
}

#[test]
fn a_client_that_is_not_let_in_says_why() {
    let clinic = Clinic::open();
    let examine = |clinic: &Clinic| clinic.examine(&[]);
    for (member, wrong) in
        [("enabled", json!(false)), ("publicClient", json!(true)), ("clientAuthenticatorType", json!("client-jwt"))]
    {
        clinic.set_client(|client| client[member] = wrong);
        let refused = clinic.examine(&[]);
        assert_eq!((refused.verdict("client"), refused.code), ("fail".into(), Some(1)), "{}", refused.output);
        let line = refused.line("client");
        assert!(line.contains(member), "{line}");
        clinic.type_in(&line);
        // Keycloak may have made another secret meanwhile.
        clinic.set_client(|client| client["secret"] = json!("doorward-secret"));
        assert_eq!(clinic.examine(&[]).verdict("client"), "ok", "{line}");
    }
    clinic.set_client(|client| client["serviceAccountsEnabled"] = json!(false));
    let refused = clinic.examine(&[]);
    assert_eq!(refused.verdict("client"), "fail", "{}", refused.output);
    clinic.type_in(&refused.line("client"));
    clinic.set_client(|client| client["secret"] = json!("doorward-secret"));
    assert_eq!(clinic.examine(&[]).verdict("client"), "ok");
    clinic.is_mended_by_its_line("service-account", "fail", examine);
}

#[test]
fn passwords_are_taken_where_they_should_be_and_nowhere_else() {
    let mut clinic = Clinic::open();
    let examine = |clinic: &Clinic| clinic.examine(&[]);
    clinic.set_client(|client| client["directAccessGrantsEnabled"] = json!(true));
    clinic.is_mended_by_its_line("direct-grants", "warn", examine);

    clinic.config.push_str("\n[auth]\npassword_login = true\n");
    clinic.is_mended_by_its_line("direct-grants", "fail", examine);
    let seen = clinic.examine(&[]);
    assert_eq!(
        (seen.verdict("client-address"), seen.verdict("ssl-required")),
        ("ok".into(), "ok".into()),
        "{}",
        seen.output
    );

    clinic.realm.put("", &json!({"sslRequired": "external"}));
    clinic.is_mended_by_its_line("ssl-required", "fail", examine);
}
