//! `k_logout` and `k_push_not_before`: signed orders that name no issuer.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use test_services::keycloak::Keycloak;

use crate::keycloak::world::{World, claims_of, header_of, names, text, words};
use crate::support::recorder::{Recorded, Recorder};

#[test]
fn at_the_development_realm() {
    orders_reach_the_client_before_the_answer(&World::development());
}

/// What is ordered holds for ever, so no other test gets this realm.
#[test]
fn at_a_real_keycloak() {
    orders_reach_the_client_before_the_answer(&World::of(Keycloak::shared().realm()));
}

fn orders_reach_the_client_before_the_answer(world: &World) {
    let gateway = Recorder::start();
    world.tell(&gateway.url());
    let name = world.issuer.rsplit('/').next().unwrap().to_owned();
    let tokens = world.tokens("alice");
    let access = text(&tokens, "access_token");

    let before = now();
    let answer = world.admin("POST", "logout-all", Some(&json!({})));
    assert_eq!(answer.status, 200, "{}", answer.shown());
    assert_eq!(answer.json(), json!({"successRequests": [format!("{}/auth/keycloak/{name}", gateway.url())]}));
    let claims = order(&gateway.only(0), &format!("/auth/keycloak/{name}/k_logout"));
    assert_eq!((&claims["action"], &claims["resource"]), (&json!("LOGOUT"), &json!("doorward")));
    assert!((before..=now()).contains(&claims["notBefore"].as_u64().unwrap()), "{claims}");
    assert_eq!(world.introspect(access, "access_token"), json!({"active": false}));

    let mark = now() + 1;
    world.push_not_before(mark);
    let claims = order(&gateway.only(1), &format!("/auth/keycloak/{name}/k_push_not_before"));
    assert_eq!((&claims["action"], &claims["notBefore"]), (&json!("PUSH_NOT_BEFORE"), &json!(mark)));
}

fn order(told: &Recorded, path: &str) -> Value {
    assert_eq!(told.line(), format!("POST {path} HTTP/1.1"));
    assert_eq!(told.value("Content-Type"), "text/plain; charset=ISO-8859-1");
    let token = String::from_utf8(told.body.clone()).unwrap();
    assert_eq!((&header_of(&token)["typ"], &header_of(&token)["alg"]), (&json!("JWT"), &json!("RS256")));
    let claims = claims_of(&token);
    assert_eq!(names(&claims), words("action expiration id notBefore resource"), "no issuer");
    assert!((now() + 20..=now() + 30).contains(&claims["expiration"].as_u64().unwrap()), "{claims}");
    claims
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
