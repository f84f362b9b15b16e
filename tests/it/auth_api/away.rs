use std::time::{Duration, Instant};

use devrealm::{Endpoint, Fault};
use serde_json::json;

use super::{assert_logged, assert_refused};
use crate::support::house::{House, Session};
use crate::support::users;

/// What an answer of Keycloak can be beside the right one, and the reason that is logged.
fn faults() -> Vec<(Fault, &'static str)> {
    let body = |status: u16, text: &str| Fault::Body {
        status,
        content_type: "application/json".into(),
        body: text.to_owned().into(),
    };
    vec![
        (Fault::Refuse, "keycloak-unavailable"),
        (Fault::Status(500), "keycloak-unavailable"),
        (Fault::Status(503), "keycloak-unavailable"),
        (Fault::Status(429), "keycloak-busy"),
        (Fault::Cut, "keycloak-unavailable"),
        (Fault::Rubbish, "keycloak-malformed"),
        (Fault::Huge, "keycloak-malformed"),
        (body(200, "{}"), "keycloak-malformed"),
        (body(200, "{\"access_token\": \"a\", \"token_type\": \"Bearer\", \"expires_in\": -1}"), "keycloak-malformed"),
        (body(200, "{\"access_token\": \"a\", \"token_type\": \"DPoP\", \"expires_in\": 1}"), "keycloak-malformed"),
        (body(200, "{\"access_token\": \"a\", \"token_type\": \"Bearer\", \"expires_in\": 1}"), "foreign-token"),
        (body(401, "{\"error\": \"unauthorized_client\"}"), "keycloak-refused"),
        (body(302, ""), "keycloak-malformed"),
    ]
}

#[test]
fn a_log_in_without_an_answer_that_can_be_believed_is_503_and_never_401() {
    let house = House::start();
    for (fault, reason) in faults() {
        house.realm.faults().set(Endpoint::Token, fault.clone());
        let answer = house.log_in("alice");
        assert_refused(&answer, 503, "keycloak-unavailable");
        assert_eq!(answer.value("retry-after"), "2", "{fault:?}");
        assert_logged(&house, "/auth/login", reason);
    }
    house.realm.faults().clear_all();
    assert_eq!(house.log_in("alice").status, 200);
}

#[test]
fn a_refresh_without_an_answer_that_can_be_believed_is_503_and_never_401() {
    let house = House::start();
    for (fault, reason) in faults() {
        let session = house.session("alice");
        house.realm.faults().set(Endpoint::Token, fault.clone());
        let answer = house.refresh(&session.refresh);
        assert_refused(&answer, 503, "keycloak-unavailable");
        assert_logged(&house, "/auth/token/refresh", reason);
        house.realm.faults().clear_all();
    }
}

#[test]
fn a_keycloak_that_hangs_costs_five_seconds_and_others_nothing() {
    let house = House::start();
    let session = house.session("alice");
    house.realm.faults().set(Endpoint::All, Fault::Hang);
    let began = Instant::now();
    let body = json!({ "username": "bob", "password": "bob-password" });
    let token = json!({ "refresh_token": session.refresh });
    let post = |path: &str, body| crate::support::raw::Request::new("POST", path).json(body);
    let answers = house.together(vec![
        post("/auth/login", &body),
        post("/auth/login", &body),
        post("/auth/token/refresh", &token),
        post("/auth/logout", &token),
        crate::support::raw::Request::get("/auth/token/client-credentials"),
    ]);
    for answer in &answers {
        assert_refused(answer, 503, "keycloak-unavailable");
    }
    let took = began.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(8)).contains(&took), "{took:?}");
    assert_logged(&house, "/auth/login", "keycloak-timed-out");
    assert_eq!(house.status_of(&session.access), 200);
}

#[test]
fn a_log_in_that_is_turned_away_is_answered_in_time_whatever_is_slow() {
    let house = House::start();
    let session = house.session("bob");
    house.set_state("bob", "disabled", &session.access, 403);
    house.realm.faults().set(Endpoint::Logout, Fault::Hang);
    let _occupied = users::occupy(&house.setup.database());
    let began = Instant::now();
    assert_refused(&house.log_in("bob"), 403, "user-disabled");
    assert!(began.elapsed() < Duration::from_secs(7), "4.5 s of the database and 5 s of Keycloak are too many");
}

#[test]
fn what_keycloak_says_of_the_life_of_a_token_is_not_believed() {
    let house = House::start();
    let session = house.session("alice");
    let body = json!({
        "access_token": session.access, "refresh_token": session.refresh, "token_type": "Bearer",
        "expires_in": 999_999_999_u64,
    });
    let fault = Fault::Body { status: 200, content_type: "application/json".into(), body: body.to_string().into() };
    house.realm.faults().set_for(Endpoint::Token, fault, 1);
    let answer = house.log_in("alice");
    assert_eq!(answer.status, 200, "{}", answer.shown());
    assert!(answer.json()["expires_in"].as_u64().unwrap() <= 300);
}

#[test]
fn an_answer_that_comes_late_is_there_for_who_asks_again() {
    let house = House::start();
    let session = house.session("alice");
    house.realm.faults().set_for(Endpoint::Token, Fault::Late(Duration::from_secs(6)), 1);
    assert_refused(&house.refresh(&session.refresh), 503, "keycloak-unavailable");
    let next = Session::of(&house.refresh(&session.refresh));
    assert_eq!(house.grants("refresh_token"), 1, "a second use would have ended the session");
    assert_eq!(house.refresh(&next.refresh).status, 200);
}

#[test]
fn a_session_that_comes_too_late_is_ended_again() {
    let house = House::start();
    house.realm.faults().set_for(Endpoint::Token, Fault::Late(Duration::from_secs(4)), 2);
    let body = json!({ "username": "bob", "password": "bob-password" });
    let request = crate::support::raw::Request::new("POST", "/auth/login").json(&body);
    let answers = house.together(vec![request.clone(), request]);
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503], "the second had its turn, and no time left");
    crate::support::patience::wait_for("the end of the second session", || {
        let sessions = house.admin("GET", &format!("users/{}/sessions", house.id_of("bob"))).json();
        (house.grants("password") == 2 && sessions.as_array().unwrap().len() == 1).then_some(())
    });
}
