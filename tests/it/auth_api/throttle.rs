use std::time::Duration;

use devrealm::{Endpoint, Fault};
use serde_json::json;

use super::{assert_logged, assert_refused};
use crate::support::house::{House, Session};
use crate::support::patience::wait_for;
use crate::support::raw::{Request, Response};

fn house(name: usize, address: usize, window: &str) -> House {
    House::build(|plan| {
        plan.auth = format!(
            "login_tries_per_name = {name}\nlogin_tries_per_address = {address}\nlogin_window = \"{window}\"\n"
        );
        plan.server = "trusted_proxies = [\"127.0.0.0/8\"]\n".into();
    })
}

fn from(house: &House, address: &str, user: &str, password: &str) -> Response {
    let body = json!({ "username": user, "password": password });
    house.gateway.send(Request::new("POST", "/auth/login").json(&body).with("X-Forwarded-For", address))
}

#[test]
fn after_so_many_tries_a_name_waits_whether_or_not_it_exists() {
    let house = house(3, 1000, "60s");
    for user in ["alice", "nobody-there"] {
        for _ in 0..3 {
            assert_refused(&house.try_password(user, "wrong"), 401, "invalid-credentials");
        }
        let asked = house.grants("password");
        let refused = house.log_in(user);
        assert_refused(&refused, 429, "too-many-tries");
        let wait: u64 = refused.value("retry-after").parse().unwrap();
        assert!((50..=61).contains(&wait), "{wait}");
        assert_eq!(house.grants("password"), asked, "Keycloak is not asked any more");
    }
    assert_logged(&house, "/auth/login", "name-throttled");
    assert_eq!(house.log_in("bob").status, 200);
}

#[test]
fn no_spelling_of_a_name_and_no_address_of_the_client_makes_more_tries() {
    let house = house(4, 1000, "60s");
    let spellings = ["alice", "ALICE", " alice\t", "Alice@Example.test", "\u{ff41}lice", "al\u{200b}ice"];
    for (index, user) in spellings.iter().enumerate() {
        let answer = from(&house, &format!("192.0.2.{index}"), user, "wrong");
        assert_eq!(answer.status, if index < 4 { 401 } else { 429 }, "{user:?}: {}", answer.shown());
    }
}

#[test]
fn after_so_many_tries_an_address_waits_whatever_the_names() {
    let house = house(1000, 3, "60s");
    for index in 0..5 {
        let answer = from(&house, "192.0.2.1", &format!("user-{index}"), "wrong");
        assert_eq!(answer.status, if index < 3 { 401 } else { 429 });
    }
    assert_logged(&house, "/auth/login", "address-throttled");
    assert_eq!(from(&house, "192.0.2.2", "bob", "bob-password").status, 200);
    let header = Request::new("POST", "/auth/login").json(&json!({ "username": "bob", "password": "bob-password" }));
    let header = header.with("X-Forwarded-For", "192.0.2.3, 192.0.2.1");
    assert_eq!(house.gateway.send(header).status, 429, "an address that the client writes itself is no other");
}

#[test]
fn the_wait_ends_though_somebody_keeps_knocking() {
    let house = house(2, 1000, "2s");
    // Slowly enough for Keycloak not to lock, so that only our own lock is seen.
    for _ in 0..2 {
        assert_eq!(house.try_password("bob", "wrong").status, 401);
        house.realm.advance_clock(Duration::from_millis(1100));
    }
    assert_eq!(house.log_in("bob").status, 429);
    wait_for("the end of the lock", || (house.log_in("bob").status == 200).then_some(()));
}

#[test]
fn what_keycloak_refuses_is_asked_so_often_and_what_it_takes_as_often_as_one_likes() {
    let house = strict_with_tokens();
    let mut session = house.session("alice");
    for _ in 0..6 {
        let answer = send(&house, "/auth/token/refresh", "192.0.2.1", &session.refresh);
        session = Session::of(&answer);
    }
    for garbage in ["garbage", &session.access] {
        for _ in 0..4 {
            let answer = send(&house, "/auth/token/refresh", "192.0.2.1", garbage);
            assert_refused(&answer, 401, "invalid-refresh-token");
        }
    }
    let before = house.grants("refresh_token");
    for turn in 0..3 {
        let answer = send(&house, "/auth/token/refresh", "192.0.2.1", &forged(&session, turn));
        assert_refused(&answer, 401, "invalid-refresh-token");
    }
    for (path, token) in [
        ("/auth/token/refresh", forged(&session, 9)),
        ("/auth/token/refresh", session.refresh.clone()),
        ("/auth/logout", session.refresh.clone()),
    ] {
        let answer = send(&house, path, "192.0.2.1", &token);
        assert_refused(&answer, 429, "too-many-tries");
        assert!((50..=61).contains(&answer.value("retry-after").parse::<u64>().unwrap()));
        assert_logged(&house, path, "refused-tokens-throttled");
    }
    assert_eq!((house.grants("refresh_token"), house.realm.requests().logout()), (before + 3, 0));
    assert_eq!(house.status_of(&session.access), 200);
    let elsewhere = send(&house, "/auth/token/refresh", "192.0.2.2", &session.refresh);
    assert_eq!(elsewhere.status, 200, "{}", elsewhere.shown());
}

#[test]
fn forged_tokens_are_counted_at_log_out_too() {
    let house = strict_with_tokens();
    let session = house.session("alice");
    for turn in 0..5 {
        let answer = send(&house, "/auth/logout", "192.0.2.1", &forged(&session, turn));
        assert_eq!(answer.status, if turn < 3 { 401 } else { 429 }, "{}", answer.shown());
    }
    assert_eq!(house.realm.requests().logout(), 3);
    for _ in 0..5 {
        assert_eq!(send(&house, "/auth/logout", "192.0.2.2", &session.refresh).status, 204, "taken, each time");
    }
}

#[test]
fn a_client_that_keycloak_refuses_is_asked_about_so_often() {
    let house = strict_with_tokens();
    let refusal = "{\"error\": \"unauthorized_client\"}".into();
    let fault = Fault::Body { status: 400, content_type: "application/json".into(), body: refusal };
    house.realm.faults().set(Endpoint::Token, fault);
    for turn in 0..5 {
        let request = Request::get("/auth/token/client-credentials").with("X-Forwarded-For", "192.0.2.1");
        let answer = house.gateway.send(request);
        assert_eq!(answer.status, if turn < 3 { 503 } else { 429 }, "{}", answer.shown());
    }
}

/// Keycloak hangs for half a minute with each; then the next one would find no place.
#[test]
fn one_network_does_not_take_all_the_places_while_keycloak_hangs() {
    let house = strict_with_tokens();
    let session = house.session("alice");
    house.realm.faults().set_for(Endpoint::Token, Fault::Hang, 256);
    let request = |turn: usize| request("/auth/token/refresh", "192.0.2.1", &forged(&session, turn));
    let answers = house.together((0..260).map(request).collect());
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(503), count(429)), (256, 4));
    assert_logged(&house, "/auth/token/refresh", "too-many-at-once");
    let elsewhere = send(&house, "/auth/token/refresh", "192.0.2.2", &session.refresh);
    assert_eq!(elsewhere.status, 200, "{}", elsewhere.shown());
}

fn strict_with_tokens() -> House {
    House::build(|plan| {
        plan.auth.push_str("refused_tokens_per_address = 3\n");
        plan.server = "trusted_proxies = [\"127.0.0.0/8\"]\n".into();
    })
}

fn request(path: &str, address: &str, refresh_token: &str) -> Request {
    let body = json!({ "refresh_token": refresh_token });
    Request::new("POST", path).json(&body).with("X-Forwarded-For", address)
}

fn send(house: &House, path: &str, address: &str, refresh_token: &str) -> Response {
    house.gateway.send(request(path, address, refresh_token))
}

/// Her token with a signature of nobody's.
fn forged(session: &Session, turn: usize) -> String {
    let signed = session.refresh.rsplit_once('.').unwrap().0;
    format!("{signed}.{turn:04}")
}

#[test]
fn tries_that_come_together_are_counted_exactly() {
    let house = house(5, 1000, "60s");
    let body = json!({ "username": "nobody-there", "password": "wrong" });
    let requests = vec![Request::new("POST", "/auth/login").json(&body); 20];
    let answers = house.together(requests);
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (5, 15));
    assert_eq!(house.grants("password"), 5);
}
