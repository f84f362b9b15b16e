use std::thread;
use std::time::Duration;

use devrealm::{Endpoint, Fault};
use serde_json::json;

use super::assert_refused;
use crate::support::house::{House, Session};
use crate::support::patience::wait_for;
use crate::support::raw::Request;

fn refresh(session: &Session) -> Request {
    Request::new("POST", "/auth/token/refresh").json(&json!({ "refresh_token": session.refresh }))
}

#[test]
fn log_ins_of_one_name_that_arrive_together_are_all_accepted() {
    let house = House::start();
    house.realm.set_login_time(Duration::from_millis(100));
    let log_in = |user: &str, name: &str| {
        let password = format!("{name}-password");
        Request::new("POST", "/auth/login").json(&json!({ "username": user, "password": password }))
    };
    let spellings = ["alice", "Alice", "alice@example.test", "alice", "ALICE@example.test", "alice"];
    let requests = spellings.map(|user| log_in(user, "alice")).to_vec();
    for answer in house.together(requests) {
        assert_eq!(answer.status, 200, "{}", answer.shown());
    }
    let others = ["alice", "bob"].map(|user| log_in(user, user)).to_vec();
    assert!(house.together(others).iter().all(|answer| answer.status == 200));
}

#[test]
fn parallel_refreshes_of_one_token_share_one_call() {
    for replay in ["5s", "0s"] {
        let house = House::build(|plan| plan.auth.push_str(&format!("refresh_replay = \"{replay}\"\n")));
        let session = house.session("alice");
        house.realm.faults().set_for(Endpoint::Token, Fault::Late(Duration::from_millis(500)), 1);
        let answers = house.together(vec![refresh(&session); 8]);
        assert_eq!(house.grants("refresh_token"), 1, "replay {replay}");
        let next = Session::of(&answers[0]);
        assert!(answers.iter().all(|answer| Session::of(answer).refresh == next.refresh));
        assert_eq!(house.refresh(&next.refresh).status, 200, "the session lives");
    }
}

#[test]
fn who_hangs_up_in_the_middle_of_a_refresh_may_ask_again() {
    let house = House::start();
    let session = house.session("alice");
    house.realm.faults().set_for(Endpoint::Token, Fault::Late(Duration::from_millis(500)), 1);
    let mut connection = crate::support::raw::Connection::open(house.gateway.address);
    connection.send(&refresh(&session).bytes());
    wait_for("the call to Keycloak", || (house.grants("refresh_token") == 1).then_some(()));
    drop(connection);
    let next = Session::of(&house.refresh(&session.refresh));
    assert_eq!(house.grants("refresh_token"), 1);
    assert_eq!(house.status_of(&next.access), 200);
}

/// Keycloak gave the tokens before the session died: they must not be handed out, nor pass.
#[test]
fn a_refresh_that_runs_while_the_session_dies_hands_out_nothing_that_passes() {
    let house = House::start();
    let session = house.session("alice");
    house.realm.faults().set_for(Endpoint::Token, Fault::Late(Duration::from_secs(1)), 1);
    let (address, request) = (house.gateway.address, refresh(&session));
    let refreshing = thread::spawn(move || request.send(address));
    wait_for("the call to Keycloak", || (house.grants("refresh_token") == 1).then_some(()));
    assert_eq!(house.log_out(&session.refresh).status, 204);
    let answer = refreshing.join().unwrap();
    assert_refused(&answer, 401, "invalid-refresh-token");
    assert_refused(&house.refresh(&session.refresh), 401, "invalid-refresh-token");
    assert_eq!(house.status_of(&session.access), 401);
}

#[test]
fn whatever_a_race_of_refresh_and_log_out_hands_out_is_dead_after_the_log_out() {
    let house = House::start();
    for _ in 0..10 {
        let session = house.session("alice");
        let body = json!({ "refresh_token": session.refresh });
        let log_out = Request::new("POST", "/auth/logout").json(&body);
        let answers = house.together(vec![refresh(&session), log_out, refresh(&session)]);
        assert_eq!(answers[1].status, 204, "{}", answers[1].shown());
        for answer in [&answers[0], &answers[2]] {
            assert!([200, 401].contains(&answer.status), "{}", answer.shown());
            if answer.status == 200 {
                assert_eq!(house.status_of(&Session::of(answer).access), 401);
            }
        }
        assert_eq!(house.status_of(&session.access), 401);
    }
}
