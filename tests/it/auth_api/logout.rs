use std::time::{Duration, Instant};

use devrealm::{Endpoint, Fault};
use serde_json::json;

use super::{assert_logged, assert_refused};
use crate::support::house::House;
use crate::support::keys::base64url;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::Request;
use crate::support::setup::Running;
use crate::support::users;

#[test]
fn after_the_answer_every_access_token_of_the_session_is_refused() {
    let house = House::start();
    let session = house.session("alice");
    let other = house.session("alice");
    let next = crate::support::house::Session::of(&house.refresh(&session.refresh));
    assert_eq!((house.status_of(&session.access), house.status_of(&next.access)), (200, 200));
    let answer = house.log_out(&next.refresh);
    assert_eq!((answer.status, answer.value("cache-control").as_str()), (204, "no-store"));
    assert_eq!((house.status_of(&session.access), house.status_of(&next.access)), (401, 401));
    assert_eq!(house.status_of(&other.access), 200, "another session of hers goes on");
    assert_refused(&house.refresh(&next.refresh), 401, "invalid-refresh-token");
    let sessions = house.admin("GET", &format!("users/{}/sessions", house.id_of("alice")));
    assert_eq!(sessions.json().as_array().unwrap().len(), 1);
}

#[test]
fn logging_out_again_is_no_error() {
    let house = House::start();
    let session = house.session("alice");
    for _ in 0..3 {
        assert_eq!(house.log_out(&session.refresh).status, 204);
    }
}

#[test]
fn whoever_logs_out_again_and_again_writes_it_down_once() {
    let house = House::start();
    let session = house.session("alice");
    for _ in 0..5 {
        assert_eq!(house.log_out(&session.refresh).status, 204);
        assert_refused(&house.refresh(&session.refresh), 401, "invalid-refresh-token");
    }
    assert_eq!(users::logged(&house.setup.database(), "session"), 1);
}

#[test]
fn what_waits_for_the_database_is_written_once_however_often_it_was_asked_for() {
    let house = House::start();
    let session = house.session("alice");
    let occupied = users::occupy(&house.setup.database());
    let body = json!({ "refresh_token": session.refresh });
    for answer in house.together(vec![Request::new("POST", "/auth/logout").json(&body); 6]) {
        assert_refused(&answer, 503, "database-unavailable");
    }
    drop(occupied);
    wait_for("the log-out to hold", || (house.log_out(&session.refresh).status == 204).then_some(()));
    // A try that was given up may have been carried out after all, and then there was another.
    let rows = users::logged(&house.setup.database(), "session");
    assert!((1..=2).contains(&rows), "{rows}");
}

#[test]
fn the_end_is_written_down_and_outlives_a_restart() {
    let house = House::start();
    let session = house.session("alice");
    assert_eq!(house.log_out(&session.refresh).status, 204);
    let other = crate::support::gateway::Gateway::start(&house.setup.write());
    let answer = other.send(Request::get("/api/echo").bearer(&session.access));
    assert_eq!(answer.status, 401, "{}", answer.shown());
}

#[test]
fn a_forged_token_ends_nobodys_session() {
    let house = House::start();
    let session = house.session("alice");
    let forged = format!("{}x", &session.refresh[..session.refresh.len() - 1]);
    assert_refused(&house.log_out(&forged), 401, "invalid-refresh-token");
    assert_refused(&house.log_out(&session.access), 401, "invalid-refresh-token");
    assert_refused(&house.log_out("garbage"), 401, "invalid-refresh-token");
    assert_eq!(house.status_of(&session.access), 200);
    assert_eq!(house.refresh(&session.refresh).status, 200);
}

#[test]
fn while_keycloak_is_away_nobody_is_told_that_the_session_ended() {
    let house = House::start();
    let session = house.session("alice");
    house.realm.faults().set(Endpoint::Logout, Fault::Refuse);
    let answer = house.log_out(&session.refresh);
    assert_refused(&answer, 503, "keycloak-unavailable");
    assert_eq!(answer.value("retry-after"), "2");
    assert_eq!(house.status_of(&session.access), 200);
    house.realm.faults().clear_all();
    assert_eq!(house.log_out(&session.refresh).status, 204);
    assert_eq!(house.status_of(&session.access), 401);
    assert_logged(&house, "/auth/logout", "keycloak-unavailable");
}

#[test]
fn the_time_of_an_answer_is_counted_from_the_request_whatever_is_slow() {
    let house = House::start();
    let session = house.session("alice");
    house.realm.faults().set_for(Endpoint::Logout, Fault::Late(Duration::from_secs(4)), 1);
    let _occupied = users::occupy(&house.setup.database());
    let began = Instant::now();
    assert_refused(&house.log_out(&session.refresh), 503, "database-unavailable");
    assert!(began.elapsed() < Duration::from_secs(7), "4 s of Keycloak and 4.5 s of the database are too many");
}

#[test]
fn a_session_without_a_name_takes_all_that_its_user_has_so_far() {
    let running = Running::new();
    let words = &running.setup.words;
    let token = |user: &str| running.token(&json!({ "claims_set": { "sub": user }, "claims_del": ["sid"] }));
    let status = |token: &str| running.gateway.send(Request::get("/api/echo").bearer(token)).status;
    let (bobs, alices) = (token("bob"), token("alice"));
    assert_eq!((status(&bobs), status(&alices)), (200, 200));
    let claims = json!({ "typ": "Refresh", "iss": words.issuer, "azp": words.client, "sub": "bob", "jti": "r" });
    let refresh_token = format!("{}.{}.{}", base64url("{}"), base64url(claims.to_string()), base64url("x"));
    let body = json!({ "refresh_token": refresh_token });
    let answer = running.gateway.send(Request::new("POST", "/auth/logout").json(&body));
    assert_eq!(answer.status, 204, "{}", answer.shown());
    assert_eq!((status(&bobs), status(&alices)), (401, 200));
    wait_for("the next second, whose tokens are good", || (status(&token("bob")) == 200).then_some(()));
}

#[test]
fn the_log_says_who_logged_in_refreshed_and_out() {
    let house = House::start();
    let session = house.session("alice");
    let next = crate::support::house::Session::of(&house.refresh(&session.refresh));
    house.log_out(&next.refresh);
    for path in ["/auth/login", "/auth/token/refresh", "/auth/logout"] {
        let line = house.gateway.log.wait(PATIENCE, |line| line["path"] == path).unwrap();
        assert_eq!(line["subject"], json!(house.id_of("alice")), "{path}");
    }
}
