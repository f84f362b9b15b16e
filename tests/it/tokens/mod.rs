//! Keys come, go and stay away.

use std::time::Duration;

use serde_json::json;

use crate::support::issuer::Answer;
use crate::support::patience::{wait_for, within};
use crate::support::raw::Request;
use crate::support::setup::{Running, Setup};

fn status(running: &Running, token: &str) -> u16 {
    running.gateway.send(Request::get("/api/items").bearer(token)).status
}

#[test]
fn a_storm_of_unknown_keys_makes_few_calls_and_harms_nobody() {
    let running = Running::new();
    let good = running.new_token("alice");
    assert_eq!(status(&running, &good), 200);
    let before = running.setup.issuer.fetches();
    for index in 0..100 {
        let token = running.token(&json!({ "header_set": { "kid": format!("unknown-{index}") } }));
        assert_eq!(status(&running, &token), 401);
        assert_eq!(status(&running, &good), 200);
    }
    let fetches = running.setup.issuer.fetches() - before;
    assert!(fetches <= 2, "{fetches} fetches for 100 unknown keys");
}

#[test]
fn a_new_key_works_without_a_restart() {
    let running = Running::new();
    let token = running.token(&json!({ "header_set": { "kid": "next-1" }, "key": "next-1" }));
    assert_eq!(status(&running, &token), 401);
    running.setup.issuer.publish(&["rsa-1", "next-1"]);
    wait_for("the new key", || (status(&running, &token) == 200).then_some(()));
    assert_eq!(status(&running, &running.new_token("alice")), 200);
}

#[test]
fn a_removed_key_dies_within_the_interval_even_for_cached_tokens() {
    let mut setup = Setup::new();
    setup.config.keycloak += "keys_refresh = \"10s\"\n";
    let running = setup.start();
    let token = running.new_token("alice");
    assert_eq!(status(&running, &token), 200);
    running.setup.issuer.publish(&["ec-1"]);
    let dead = within(Duration::from_secs(15), || (status(&running, &token) == 401).then_some(()));
    assert!(dead.is_some(), "the key still works 15 s after it was removed");
}

#[test]
fn known_keys_serve_while_the_issuer_is_away() {
    let mut setup = Setup::new();
    setup.config.keycloak += "keys_refresh = \"10s\"\n";
    let running = setup.start();
    assert_eq!(status(&running, &running.new_token("alice")), 200);
    running.setup.issuer.certs(Answer::Reset);
    let before = running.setup.issuer.fetches();
    wait_for("a failed refresh", || (running.setup.issuer.fetches() > before).then_some(()));
    assert_eq!(status(&running, &running.new_token("alice")), 200);
}

#[test]
fn without_keys_the_gateway_starts_refuses_with_503_and_recovers() {
    let setup = Setup::new();
    setup.issuer.certs(Answer::raw(503, "text/plain", "away"));
    let running = setup.start_unready(&[]);
    let answer = running.send_as("alice", Request::get("/api/items"));
    assert_eq!(answer.status, 503, "{}", answer.shown());
    assert!(!answer.value("Retry-After").is_empty(), "{}", answer.shown());
    assert_eq!(running.gateway.send(Request::get("/public/page")).status, 200);
    assert_eq!(running.gateway.operations("/readyz").status, 503);
    assert_eq!(running.gateway.operations("/livez").status, 200);
    running.setup.issuer.publish(&["rsa-1"]);
    wait_for("readiness", || (running.gateway.operations("/readyz").status == 200).then_some(()));
    assert_eq!(status(&running, &running.new_token("alice")), 200);
}
