//! Sessions that run into their time limits: Keycloak tells of it minutes later.

use std::time::{Duration, Instant};

use serde_json::json;

use super::scene::Scene;
use crate::keycloak::world::text;
use crate::support::patience::within;

#[test]
#[ignore = "five minutes: make campaign"]
fn a_session_that_runs_into_its_idle_time_ends_when_keycloak_tells_of_it() {
    ends_when_it_is_told("f session idle", &json!({"ssoSessionIdleTimeout": 30}));
}

#[test]
#[ignore = "five minutes: make campaign"]
fn a_session_at_its_end_ends_when_keycloak_tells_of_it() {
    ends_when_it_is_told("f session at its end", &json!({"ssoSessionMaxLifespan": 30}));
}

#[expect(clippy::print_stdout, reason = "the time is what an operator wants to know")]
fn ends_when_it_is_told(what: &str, limit: &serde_json::Value) {
    let scene = Scene::start();
    // A token that would outlive all of it.
    let mut client = scene.realm().get("clients?clientId=doorward")[0].clone();
    client["attributes"]["access.token.lifespan"] = json!("900");
    scene.realm().put(&format!("clients/{}", text(&client, "id")), &client);
    scene.realm().put("", limit);
    let alice = scene.alive("alice");
    let began = Instant::now();
    let strict = || scene.front.status("/strict/items", &alice.access);
    assert_eq!(strict(), 200);
    let inactive = || scene.world.introspect(&alice.access, "access_token")["active"] == false;
    assert!(within(LONG, || inactive().then_some(())).is_some(), "the session does not end");
    println!("{what}: over at Keycloak after {:?}", began.elapsed());
    assert_eq!(strict(), 401, "a strict route knows at once");
    let over = Instant::now();
    let dead = within(LONG, || (!scene.passes(&alice)).then_some(()));
    assert!(dead.is_some(), "nobody has told of it");
    println!("{what}: dead {:?} after that", over.elapsed());
    let line = scene.front.ask("/items", &alice.access).value("X-Request-Id");
    let refused = scene.front.gateway.log.wait(Duration::from_secs(5), |one| one["request_id"] == line);
    assert_eq!(refused.expect("a line")["reason"], "session-ended", "by its event, and not by its expiry");
}

/// Some four minutes were seen.
const LONG: Duration = Duration::from_secs(420);
