//! What an administrator sees of the settings of clients and realm.

use serde_json::json;

use super::clinic::{Clinic, Diagnosis};

fn examine(clinic: &Clinic) -> Diagnosis {
    clinic.examine_as_administrator()
}

#[test]
fn what_our_client_is_set_to_is_mended_by_the_line_that_is_named() {
    let clinic = Clinic::open();
    let _gateway = clinic.start();
    let without = |name: &'static str| clinic.set_client(|client| client["attributes"][name] = json!(""));
    without("backchannel.logout.url");
    clinic.is_mended_by_its_line("backchannel-logout", "fail", examine);
    clinic.set_client(|client| {
        client["attributes"]["backchannel.logout.url"] = json!(format!("http://{}/logout", clinic.listen));
    });
    clinic.is_mended_by_its_line("backchannel-logout", "fail", examine);
    clinic.set_client(|client| {
        let elsewhere = format!("{}/auth/backchannel-logout", clinic.upstream.url());
        client["attributes"]["backchannel.logout.url"] = json!(elsewhere);
    });
    clinic.is_mended_by_its_line("backchannel-logout", "fail", examine);
    clinic.set_client(|client| client["attributes"]["backchannel.logout.session.required"] = json!("false"));
    clinic.is_mended_by_its_line("backchannel-logout", "warn", examine);

    clinic.set_client(|client| client["frontchannelLogout"] = json!(true));
    clinic.is_mended_by_its_line("frontchannel-logout", "fail", examine);
    clinic.set_client(|client| client["implicitFlowEnabled"] = json!(true));
    clinic.is_mended_by_its_line("implicit-flow", "warn", examine);
    for url in [String::new(), format!("http://{}/auth/keycloak/other", clinic.listen)] {
        clinic.set_client(|client| client["adminUrl"] = json!(url));
        clinic.is_mended_by_its_line("admin-url", "warn", examine);
    }
    assert!(clinic.examine_as_administrator().complaints().is_empty());
}

#[test]
fn what_the_realm_is_set_to_is_mended_by_the_line_that_is_named() {
    let mut clinic = Clinic::open();
    clinic
        .realm
        .put("", &json!({"revokeRefreshToken": false, "accessTokenLifespan": 3600, "ssoSessionIdleTimeout": 1800}));
    clinic.realm.put("", &json!({"attributes": {"adminEventsExpiration": "60"}}));
    for check in ["refresh-rotation", "session-idle", "admin-events-kept"] {
        clinic.is_mended_by_its_line(check, "warn", examine);
    }
    clinic.config.push_str("\n[auth]\nrefresh_replay = \"0s\"\n");
    let seen = examine(&clinic);
    assert_eq!(seen.verdict("refresh-rotation"), "warn");
    assert!(seen.advises("refresh-rotation", "refresh_replay"), "{}", seen.output);
}

#[test]
fn another_client_whose_tokens_are_accepted_must_tell_us_too() {
    let mut clinic = Clinic::open();
    clinic.set_client_of("spa", |client| client["attributes"]["backchannel.logout.url"] = json!(""));
    clinic.is_mended_by_its_line("allowed-client", "fail", examine);
    clinic.set_client_of("spa", |client| client["frontchannelLogout"] = json!(true));
    clinic.is_mended_by_its_line("allowed-client", "fail", examine);
    let mapper = clinic.client("spa")["protocolMappers"][0]["id"].as_str().unwrap().to_owned();
    let id = clinic.client("spa")["id"].as_str().unwrap().to_owned();
    clinic.realm.delete(&format!("clients/{id}/protocol-mappers/models/{mapper}"));
    clinic.is_mended_by_its_line("allowed-client", "fail", examine);
    clinic.replace("\"spa\"", "\"app\"");
    let gone = examine(&clinic);
    assert_eq!(gone.verdict("allowed-client"), "warn", "{}", gone.output);
}

#[test]
fn an_administrator_who_is_none_is_not_believed() {
    let clinic = Clinic::open();
    let refused = clinic.look(&["--json", "--admin-user", "admin"], "wrong\n");
    assert_eq!((refused.verdict("administrator"), refused.code), ("fail".into(), Some(1)), "{}", refused.output);
    assert_eq!(refused.verdict("audience"), "ok", "what our own client sees is seen all the same");
    let silent = clinic.look(&["--admin-user", "admin"], "");
    assert_eq!(silent.code, Some(2), "{silent:?}");
    assert!(silent.errors.contains("no password"), "{silent:?}");
}
