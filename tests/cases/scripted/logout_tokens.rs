//! Logout tokens that must end nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Script;
use crate::support::house::House;
use crate::support::raw::{Request, Response};

pub const SCRIPTS: &[(&str, Script)] = &[
    ("OIDC-131", |expect| changed(expect, "aud", json!("x"))),
    ("OIDC-132", |expect| changed(expect, "iss", json!("x"))),
    ("OIDC-133", |expect| changed(expect, "nonce", json!("n"))),
    ("OIDC-134", |expect| changed(expect, "events", json!(null))),
    ("OIDC-135", |expect| changed(expect, "events", json!({"x": {}}))),
    ("OIDC-136", |expect| changed(expect, "sid", json!(null))),
    ("OIDC-139", |expect| changed(expect, "iat", json!(null))),
    ("OIDC-140", |expect| changed(expect, "iat", json!(now() - 3600))),
    ("OIDC-144", by_an_attacker),
    ("OIDC-145", by_get),
    ("OIDC-146", |expect| changed(expect, "pad", json!("x".repeat(100_000)))),
    ("JWT-323", |_| log_out()),
];

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn claims(house: &House, sid: &Value) -> Value {
    json!({"iss": house.realm.issuer(), "aud": "doorward", "iat": now(), "exp": now() + 120, "jti": "j-1", "sid": sid,
           "typ": "Logout", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}})
}

/// A member that is null is left out: there is no null among the cases.
fn changed(expect: &Value, name: &str, value: Value) {
    ends_nothing(expect, |house, sid| {
        let mut claims = claims(house, sid);
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        post(house, &house.realm.mint(&json!({"typ": "logout+jwt"}), &claims))
    });
}

/// Another realm's key under the name of ours.
fn by_an_attacker(expect: &Value) {
    let attacker = House::start();
    ends_nothing(expect, |house, sid| {
        let ours = house.realm.mint(&json!({}), &json!({}));
        let kid = part(&ours, 0)["kid"].clone();
        post(house, &attacker.realm.mint(&json!({"typ": "logout+jwt", "kid": kid}), &claims(house, sid)))
    });
}

fn by_get(expect: &Value) {
    ends_nothing(expect, |house, sid| {
        let token = house.realm.mint(&json!({"typ": "logout+jwt"}), &claims(house, sid));
        house.gateway.send(Request::get(&format!("/auth/backchannel-logout?logout_token={token}")))
    });
}

fn ends_nothing(expect: &Value, send: impl FnOnce(&House, &Value) -> Response) {
    let house = House::start();
    let alice = house.session("alice");
    let sid = part(&alice.access, 1)["sid"].clone();
    let answer = send(&house, &sid);
    let statuses = expect["status"].as_array().unwrap();
    assert!(statuses.contains(&json!(answer.status)), "{}", answer.shown());
    assert_eq!(house.gateway.send(Request::get("/api/echo").bearer(&alice.access)).status, 200, "the session ended");
}

fn post(house: &House, token: &str) -> Response {
    let request = Request::new("POST", "/auth/backchannel-logout");
    let form = format!("logout_token={token}");
    house.gateway.send(request.with("Content-Type", "application/x-www-form-urlencoded").body(form))
}

fn log_out() {
    let house = House::start();
    let alice = house.session("alice");
    let out = Request::new("POST", "/auth/logout").json(&json!({"refresh_token": alice.refresh}));
    assert_eq!(house.gateway.send(out).status, 204);
    assert_eq!(house.gateway.send(Request::get("/api/echo").bearer(&alice.access)).status, 401);
}

fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}
