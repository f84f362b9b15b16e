//! A real Keycloak that restarts, and one that hangs, behind a gateway that serves what it can prove.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use test_services::keycloak::Keycloak;

use crate::keycloak::front::Front;
use crate::keycloak::world::{World, text};
use crate::support::patience::wait_for;

/// One at a time: a second server of a test's own would starve the others.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A log-in while Keycloak is away is answered in time, and says when to come again.
fn assert_log_in_is_unavailable(front: &Front) {
    let began = Instant::now();
    let answer = front.login("alice", "alice-password");
    assert_eq!(answer.status, 503, "{}", answer.shown());
    assert_eq!(answer.json()["type"], "/problems/keycloak-unavailable");
    assert!(answer.value("Retry-After").parse::<u32>().is_ok(), "{}", answer.shown());
    assert!(began.elapsed() < ANSWER_IN_TIME, "after {:?}", began.elapsed());
}

/// What needs no Keycloak goes on, and does not wait for it.
fn assert_serves(front: &Front, token: &str) {
    let began = Instant::now();
    assert_eq!(front.status("/items", token), 200);
    assert!(began.elapsed() < Duration::from_secs(1), "after {:?}", began.elapsed());
}

#[test]
fn a_restart_of_keycloak_is_survived() {
    let _turn = turn();
    let mut keycloak = Keycloak::start();
    let world = World::of(keycloak.realm());
    let front = Front::of(&world);
    let (alice, bob) = (front.tokens("alice"), world.tokens("bob"));
    assert_serves(&front, text(&alice, "access_token"));
    keycloak.stop();
    assert_serves(&front, text(&alice, "access_token"));
    // No cache has seen this one: the keys are enough.
    assert_serves(&front, text(&bob, "access_token"));
    assert_log_in_is_unavailable(&front);
    assert_eq!(front.gateway.operations("/readyz").status, 200);
    keycloak.start_again();
    let again = wait_for("a log-in after the restart", || {
        let answer = front.login("bob", "bob-password");
        (answer.status == 200).then(|| answer.json())
    });
    assert_serves(&front, text(&again, "access_token"));
    assert_serves(&front, text(&alice, "access_token"));
    // The session of before is there still.
    assert_eq!(world.refresh(text(&alice, "refresh_token")).status, 200);
    assert_serves(&front, text(&bob, "access_token"));
}

#[test]
fn a_keycloak_that_hangs_holds_nobody_up() {
    let _turn = turn();
    let keycloak = Keycloak::start();
    let world = World::of(keycloak.realm());
    let front = Front::of(&world);
    let (alice, bob) = (front.tokens("alice"), world.tokens("bob"));
    assert_serves(&front, text(&alice, "access_token"));
    keycloak.pause();
    std::thread::scope(|scope| {
        let logins: Vec<_> = (0..4).map(|_| scope.spawn(|| assert_log_in_is_unavailable(&front))).collect();
        while logins.iter().any(|login| !login.is_finished()) {
            assert_serves(&front, text(&alice, "access_token"));
            assert_serves(&front, text(&bob, "access_token"));
        }
    });
    keycloak.resume();
    let again = wait_for("a log-in after the pause", || {
        let answer = front.login("bob", "bob-password");
        (answer.status == 200).then(|| answer.json())
    });
    assert_serves(&front, text(&again, "access_token"));
    assert_eq!(world.refresh(text(&alice, "refresh_token")).status, 200);
}

/// A call to Keycloak takes five seconds at most.
const ANSWER_IN_TIME: Duration = Duration::from_secs(8);
