//! Keycloak is away, or is not what the settings take it for.

use serde_json::json;

use super::clinic::Clinic;
use crate::keycloak::world::text;
use crate::support::gateway::free_address;
use crate::support::issuer::{Answer, Issuer};

#[test]
fn a_keycloak_that_is_away_or_another_one_is_told_apart() {
    let mut clinic = Clinic::open();
    let issuer = clinic.realm.issuer();
    let server = issuer.split("/realms/").next().unwrap().to_owned();

    clinic.replace(&server, &format!("http://{}", free_address()));
    let away = clinic.examine(&[]);
    assert_eq!((away.verdict("discovery"), away.code), ("fail".into(), Some(1)), "{}", away.output);
    for check in ["client", "keys", "user-events", "admin-events"] {
        assert_eq!(away.verdict(check), "not-tried", "{check}");
    }
    assert!(away.advises("discovery", "internal_url"), "{}", away.output);
    assert_eq!(away.verdict("database"), "ok", "the rest is looked at all the same");

    let other = Issuer::start();
    other.discovery("issuer", json!("https://elsewhere.example.com/realms/cases"));
    let address = clinic.config.lines().find(|line| line.starts_with("issuer")).unwrap().to_owned();
    clinic.replace(&address, &format!("issuer = \"{}\"", other.url()));
    let another = clinic.examine(&[]);
    assert_eq!(another.verdict("discovery"), "fail");
    assert!(
        another.advises("discovery", "issuer = \"https://elsewhere.example.com/realms/cases\""),
        "{}",
        another.output
    );

    other.discovery("issuer", json!(other.url()));
    other.certs(Answer::Json(
        json!({"keys": [{"kid": "a", "use": "sig", "alg": "PS256", "kty": "RSA", "n": "AQAB", "e": "AQAB"}]}),
    ));
    let keys = clinic.examine(&[]);
    assert_eq!((keys.verdict("discovery"), keys.verdict("keys")), ("ok".into(), "fail".into()), "{}", keys.output);
    assert!(keys.advises("keys", "algorithms = [\"PS256\"]"), "{}", keys.output);
}

#[test]
fn a_realm_that_is_not_there_is_not_a_keycloak_that_is_away() {
    let mut clinic = Clinic::open();
    let name = clinic.realm.name().to_owned();
    clinic.replace(&format!("/realms/{name}"), "/realms/no-such-realm");
    let seen = clinic.examine(&[]);
    assert_eq!(seen.verdict("discovery"), "fail");
    assert!(text(&seen.only("discovery"), "message").contains("Realm does not exist"), "{}", seen.output);
}
