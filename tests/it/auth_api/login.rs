use std::time::Duration;

use devrealm::{Endpoint, Fault};
use serde_json::json;

use super::assert_refused;
use crate::support::house::{House, Session};
use crate::support::raw::Request;

#[test]
fn a_right_password_gives_tokens_that_pass() {
    let house = House::start();
    let answer = house.log_in("alice");
    let session = Session::of(&answer);
    assert_eq!(answer.value("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(300)));
    assert_eq!(body["refresh_expires_in"], json!(1800));
    assert_eq!(house.status_of(&session.access), 200);
}

#[test]
fn wrong_unknown_and_locked_are_one_answer_and_nothing_is_tried_twice() {
    let house = House::start();
    let unknown = house.try_password("nobody-there", "x");
    let wrong = house.try_password("alice", "wrong");
    assert_eq!(house.grants("password"), 2);
    // The second wrong one in a hurry locks the account: now the right one is refused too.
    house.try_password("alice", "wrong");
    let locked = house.log_in("alice");
    for answer in [&unknown, &wrong, &locked] {
        assert_refused(answer, 401, "invalid-credentials");
        let (mut mine, mut other) = (answer.json(), wrong.json());
        mine["instance"].take();
        other["instance"].take();
        assert_eq!(mine, other);
    }
    house.realm.advance_clock(Duration::from_secs(61));
    assert_eq!(house.log_in("bob").status, 503, "a token of the future is not accepted by our own rules");
}

#[test]
fn once_the_password_was_right_each_reason_has_its_own_answer() {
    let house = House::start();
    for (user, status, kind) in [
        ("carol", 403, "email-not-verified"),
        ("dave", 403, "user-disabled"),
        ("erin", 403, "account-not-set-up"),
        ("frank", 403, "unknown-user"),
    ] {
        assert_refused(&house.try_password(user, "wrong"), 401, "invalid-credentials");
        assert_refused(&house.log_in(user), status, kind);
    }
    assert_refused(&house.try_password("Carol@example.test", "carol-password"), 403, "email-not-verified");
    // Without the right to view users, the one text of Keycloak is all that is known.
    house.realm.faults().set(Endpoint::Admin, Fault::Status(403));
    assert_refused(&house.log_in("carol"), 403, "account-not-set-up");
}

#[test]
fn a_session_that_must_not_be_used_is_ended_again() {
    let house = House::start();
    let earlier = house.session("bob");
    house.set_state("bob", "disabled", &earlier.access, 403);
    house.log_out(&earlier.refresh);
    for (user, kind) in [("frank", "unknown-user"), ("bob", "user-disabled")] {
        assert_refused(&house.log_in(user), 403, kind);
        let sessions = house.admin("GET", &format!("users/{}/sessions", house.id_of(user)));
        assert_eq!(sessions.json(), json!([]), "{user}");
    }
}

#[test]
fn an_unverified_address_is_told_also_where_the_realm_does_not_ask_for_it() {
    let house = House::build(|plan| {
        plan.realm.realm_json = plan.realm.realm_json.replace("\"verifyEmail\": true", "\"verifyEmail\": false");
    });
    assert_refused(&house.log_in("carol"), 403, "email-not-verified");
    let sessions = house.admin("GET", &format!("users/{}/sessions", house.id_of("carol")));
    assert_eq!(sessions.json(), json!([]));
}

#[test]
fn a_one_time_password_is_asked_for_and_counts_once() {
    let house = House::start();
    let body = |otp: &str| json!({ "username": "otto", "password": "otto-password", "otp": otp });
    let code = house.realm.otp("otto").unwrap();
    let answer = house.post("/auth/login", &body(&code));
    assert_eq!(answer.status, 200, "{}", answer.shown());
    assert_refused(&house.post("/auth/login", &body(&code)), 401, "invalid-credentials");
    assert_refused(&house.log_in("otto"), 401, "invalid-credentials");
}

#[test]
fn the_address_of_the_client_reaches_keycloak_and_is_not_the_clients_to_choose() {
    let house = House::build(|plan| {
        plan.realm.proxy_headers = true;
        plan.server = "trusted_proxies = [\"127.0.0.0/8\"]\n".into();
    });
    let log_in = |forwarded: &str| {
        let body = json!({ "username": "alice", "password": "alice-password" });
        let request = Request::new("POST", "/auth/login").json(&body).with("X-Forwarded-For", forwarded);
        assert_eq!(house.gateway.send(request).status, 200);
        let sessions = house.admin("GET", &format!("users/{}/sessions", house.id_of("alice"))).json();
        let addresses: Vec<_> =
            sessions.as_array().unwrap().iter().map(|session| session["ipAddress"].clone()).collect();
        addresses
    };
    assert!(log_in("192.0.2.7").contains(&json!("192.0.2.7")));
    // What stands before the nearest address that we do not trust was written by anybody.
    assert!(!log_in("203.0.113.1, 192.0.2.8").contains(&json!("203.0.113.1")));
}

#[test]
fn without_password_login_there_is_no_such_endpoint() {
    let house = House::build(|plan| plan.auth = String::new());
    let mut config = house.setup.config.text();
    config = config.replace("password_login = true", "password_login = false");
    let file = house.setup.directory().join("other.toml");
    std::fs::write(&file, config).unwrap();
    let other = crate::support::gateway::Gateway::start(&file);
    let body = json!({ "username": "alice", "password": "alice-password" });
    assert_eq!(other.send(Request::new("POST", "/auth/login").json(&body)).status, 404);
    assert_eq!(other.send(Request::get("/auth/openapi.json")).json()["paths"].get("/auth/login"), None);
}

#[test]
fn pages_of_the_named_origins_may_call_and_no_others() {
    let house = House::build(|plan| plan.auth.push_str("cors_origins = [\"https://app.test\"]\n"));
    let body = json!({ "username": "alice", "password": "wrong" });
    for (origin, allowed) in [("https://app.test", "https://app.test"), ("https://evil.test", "")] {
        let request = Request::new("POST", "/auth/login").json(&body).with("Origin", origin);
        let refused = house.gateway.send(request);
        assert_eq!((refused.status, refused.value("access-control-allow-origin").as_str()), (401, allowed));
        let preflight = Request::new("OPTIONS", "/auth/token/refresh")
            .with("Origin", origin)
            .with("Access-Control-Request-Method", "POST")
            .with("Access-Control-Request-Headers", "content-type");
        let preflight = house.gateway.send(preflight);
        assert_eq!((preflight.status, preflight.value("access-control-allow-origin").as_str()), (204, allowed));
    }
}
