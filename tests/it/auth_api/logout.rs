use devrealm::{Endpoint, Fault};
use serde_json::json;

use super::{assert_logged, assert_refused};
use crate::support::house::House;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::Request;
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
