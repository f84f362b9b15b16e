use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use devrealm::{Endpoint, Fault};
use serde_json::{Value, json};

use super::{assert_logged, assert_refused};
use crate::support::house::{House, SECRET, Session};
use crate::support::raw::{Request, Response};

const PATH: &str = "/auth/token/validate";

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
}

fn validate(house: &House, token: &str) -> Response {
    as_client(house, SECRET, token)
}

fn as_client(house: &House, secret: &str, token: &str) -> Response {
    let request = Request::new("POST", PATH).json(&json!({ "token": token }));
    house.gateway.send(request.with("Authorization", &basic("doorward", secret)))
}

fn inactive() -> Value {
    json!({ "active": false })
}

#[test]
fn an_access_token_that_would_pass_is_described_with_roles_and_permissions() {
    let house = House::start();
    let session = house.session("alice");
    let answer = validate(&house, &session.access);
    assert_eq!((answer.status, answer.value("cache-control").as_str()), (200, "no-store"), "{}", answer.shown());
    let body = answer.json();
    assert_eq!((&body["active"], &body["username"]), (&json!(true), &json!("alice")));
    assert_eq!((&body["sub"], &body["iss"]), (&json!(house.id_of("alice")), &json!(house.realm.issuer())));
    assert_eq!((&body["token_type"], &body["client_id"]), (&json!("Bearer"), &json!("doorward")));
    assert_eq!((&body["roles"], &body["aud"][0]), (&json!(["admin"]), &json!("doorward")));
    assert!(body["permissions"].as_array().unwrap().contains(&json!("users:write")));
    assert_eq!(body["exp"].as_u64().unwrap() - body["iat"].as_u64().unwrap(), 300);
    assert!(!answer.shown().contains("eyJ"));
    assert_eq!(house.realm.requests().introspect(), 0, "judged here");
}

#[test]
fn a_refresh_token_is_judged_by_keycloak_and_by_us() {
    let house = House::start();
    let session = house.session("alice");
    let body = validate(&house, &session.refresh).json();
    assert_eq!((&body["active"], &body["token_type"]), (&json!(true), &json!("refresh_token")));
    assert_eq!((&body["username"], &body["roles"]), (&json!("alice"), &json!(["admin"])));
    assert!(body["sid"].is_string() && body["exp"].is_u64());
    let next = Session::of(&house.refresh(&session.refresh));
    assert_eq!(validate(&house, &session.refresh).json(), inactive(), "it was used");
    house.set_state("alice", "disabled", &next.access, 403);
    assert_eq!(validate(&house, &next.refresh).json(), inactive());
    house.set_state("alice", "active", &next.access, 200);
    assert_eq!(validate(&house, &next.refresh).json()["active"], json!(true));
    house.log_out(&next.refresh);
    assert_eq!(validate(&house, &next.refresh).json(), inactive());
}

#[test]
fn of_what_would_not_pass_nothing_is_said() {
    let house = House::start();
    let other = House::start();
    let session = house.session("bob");
    let dead = house.session("bob");
    house.log_out(&dead.refresh);
    let mut expired = house.realm.access_claims("bob", "doorward").unwrap();
    expired["exp"] = json!(expired["iat"].as_i64().unwrap() - 600);
    expired["iat"] = json!(expired["iat"].as_i64().unwrap() - 900);
    let header = json!({ "typ": "at+jwt" });
    let frank = house.realm.access_claims("frank", "doorward").unwrap();
    let mut foreign = house.realm.access_claims("bob", "doorward").unwrap();
    foreign["aud"] = json!("another");
    for token in [
        "garbage",
        "",
        &format!("{}x", &session.access[..session.access.len() - 1]),
        &dead.access,
        &dead.refresh,
        &house.realm.mint(&header, &expired),
        &house.realm.mint(&header, &frank),
        &house.realm.mint(&header, &foreign),
        &other.session("bob").access,
        &other.session("bob").refresh,
    ] {
        let answer = validate(&house, token);
        assert_eq!((answer.status, answer.json()), (200, inactive()), "{token}");
    }
    let id = house.ask_keycloak("token", "grant_type=password&username=bob&password=bob-password&scope=openid").json();
    assert_eq!(validate(&house, id["id_token"].as_str().unwrap()).json(), inactive(), "an ID token");
    house.set_state("bob", "disabled", &session.access, 403);
    assert_eq!(validate(&house, &session.access).json(), inactive());
}

#[test]
fn users_may_ask_and_strangers_may_not() {
    let house = House::start();
    let session = house.session("bob");
    let ask = || Request::new("POST", PATH).json(&json!({ "token": session.access }));
    assert_eq!(house.gateway.send(ask().bearer(&session.access)).json()["active"], json!(true));
    assert_refused(&house.gateway.send(ask()), 401, "unauthenticated");
    assert_refused(&house.gateway.send(ask().bearer("garbage")), 401, "invalid-token");
    let wrong = as_client(&house, "wrong", &session.access);
    assert_refused(&wrong, 401, "invalid-client");
    assert_eq!(wrong.value("www-authenticate"), "Basic realm=\"doorward\"");
    let several = ask().bearer(&session.access).with("Authorization", &basic("doorward", SECRET));
    assert_refused(&house.gateway.send(several), 400, "several-credentials");
}

#[test]
fn the_secret_of_the_client_opens_this_endpoint_alone() {
    let house = House::start();
    for path in ["/auth/me", "/api/echo", "/admin/x"] {
        let answer = house.gateway.send(Request::get(path).with("Authorization", &basic("doorward", SECRET)));
        assert_refused(&answer, 401, "unauthenticated");
    }
    assert_eq!(house.setup.upstream.count(), 0);
}

#[test]
fn callers_and_guessers_are_throttled() {
    let house = House::build(|plan| plan.auth = "validations_per_caller = 3\nlogin_tries_per_address = 2\n".into());
    for _ in 0..2 {
        assert_eq!(as_client(&house, "wrong", "x").status, 401);
    }
    for secret in ["wrong", SECRET] {
        let answer = as_client(&house, secret, "x");
        assert_refused(&answer, 429, "too-many-tries");
        assert!(answer.value("retry-after").parse::<u64>().unwrap() > 0);
    }
    let session = house.session("bob");
    let ask = || Request::new("POST", PATH).json(&json!({ "token": "x" })).bearer(&session.access);
    for _ in 0..3 {
        assert_eq!(house.gateway.send(ask()).status, 200);
    }
    assert_refused(&house.gateway.send(ask()), 429, "too-many-tries");
    assert_logged(&house, PATH, "caller-throttled");
}

#[test]
fn while_keycloak_is_away_nobody_is_told_that_a_refresh_token_is_dead() {
    let house = House::start();
    let session = house.session("bob");
    for (fault, reason) in [
        (Fault::Refuse, "keycloak-unavailable"),
        (Fault::Status(500), "keycloak-unavailable"),
        (Fault::Rubbish, "keycloak-malformed"),
        (Fault::Cut, "keycloak-unavailable"),
        (Fault::Huge, "keycloak-malformed"),
    ] {
        house.realm.faults().set(Endpoint::Introspect, fault);
        assert_refused(&validate(&house, &session.refresh), 503, "keycloak-unavailable");
        assert_logged(&house, PATH, reason);
    }
    assert_eq!(validate(&house, &session.access).json()["active"], json!(true), "access tokens need no Keycloak");
}
