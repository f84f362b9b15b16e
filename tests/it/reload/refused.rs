//! What is wrong changes nothing.

use std::fs;

use super::{public, reload, reloads, signal};
use crate::support::issuer::{Answer, Issuer};
use crate::support::keys::PUBLISHED;
use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::Request;
use crate::support::setup::Running;

/// The text of the first error in the log that holds this.
fn complaint(running: &Running, part: &str) -> String {
    let fits = |line: &serde_json::Value| {
        field(line, "level") == Some("ERROR") && field(line, "error").is_some_and(|text| text.contains(part))
    };
    let line = running.gateway.log.wait(PATIENCE, fits);
    let line = line.unwrap_or_else(|| panic!("no error about {part}: {}", running.gateway.log.text()));
    field(&line, "error").unwrap().to_owned()
}

#[test]
fn a_wrong_file_keeps_all_of_the_old_one_and_names_every_mistake() {
    let mut running = Running::new();
    running.setup.config.routes += &public("/new/*");
    running.setup.config.server += "lisen = 1\n";
    running.setup.config.more += "[auth]\nprefix = \"no path\"\n";
    reload(&running, "refused");
    let error = complaint(&running, "lisen");
    assert!(error.contains("prefix") && error.contains("doorward.toml:4"), "{error}");
    assert_eq!(running.gateway.metric("doorward_config_current", &[]), 0.0);
    assert_eq!(running.gateway.send(Request::get("/new/x")).status, 404);
    assert_eq!(running.send_as("alice", Request::get("/api/x")).status, 200);
    assert_eq!(running.gateway.operations("/readyz").status, 200);
}

#[test]
fn half_a_file_and_no_file_keep_the_old_one() {
    let mut running = Running::new();
    running.setup.config.routes += &public("/new/*");
    let whole = running.setup.config.text();
    let file = running.setup.directory().join("doorward.toml");
    fs::write(&file, &whole[..whole.rfind("app").unwrap()]).unwrap();
    signal(&running, "refused");
    fs::remove_file(&file).unwrap();
    signal(&running, "refused");
    assert_eq!(running.gateway.send(Request::get("/new/x")).status, 404);
    assert_eq!(running.send_as("alice", Request::get("/api/x")).status, 200);
    fs::write(&file, whole).unwrap();
    signal(&running, "applied");
    assert_eq!(running.gateway.send(Request::get("/new/x")).status, 200);
    assert_eq!(running.gateway.metric("doorward_config_current", &[]), 1.0);
}

#[test]
fn a_secret_that_is_gone_refuses_the_reload() {
    let running = Running::new();
    fs::remove_file(running.setup.directory().join("client-secret")).unwrap();
    signal(&running, "refused");
    complaint(&running, "client_secret");
    assert_eq!(running.send_as("alice", Request::get("/api/x")).status, 200);
}

#[test]
fn another_realm_needs_a_restart_and_changes_nothing() {
    let mut running = Running::new();
    running.setup.config.routes += &public("/new/*");
    running.setup.config.keycloak += "name = \"other\"\n";
    reload(&running, "refused");
    complaint(&running, "[keycloak] name");
    assert_eq!(running.gateway.send(Request::get("/new/x")).status, 404);
}

#[test]
fn tokens_never_live_longer_than_revocations_are_kept() {
    let mut running = Running::new();
    running.setup.config.keycloak += "max_lifetime = \"48h\"\n";
    reload(&running, "refused");
    complaint(&running, "max_lifetime");
}

#[test]
fn what_needs_a_restart_is_said_and_the_rest_is_applied() {
    let mut running = Running::new();
    running.setup.config.server += "threads = 3\n";
    running.setup.config.users += "stale_when_blind = \"7s\"\n";
    running.setup.config.routes += &public("/new/*");
    reload(&running, "applied");
    assert_eq!(running.gateway.send(Request::get("/new/x")).status, 200);
    let said = running.gateway.log.wait(PATIENCE, |line| field(line, "needs_restart").is_some());
    let said = said.expect("nothing is said of a restart");
    assert_eq!(field(&said, "needs_restart"), Some("[server] threads, [users] stale_when_blind"));
}

#[test]
fn what_was_refused_because_keys_were_away_is_taken_up_when_they_are_there() {
    let mut running = Running::new();
    let other = Issuer::start();
    let also = |algorithms: &str| {
        format!(
            "[[keycloak.also]]\nname = \"other\"\nissuer = \"{}\"\naudience = \"gateway-api\"\n\
             allowed_clients = [\"gateway\"]\nalgorithms = [{algorithms}]\n",
            other.url()
        )
    };
    running.setup.config.more = also("\"RS256\"");
    reload(&running, "applied");
    other.certs(Answer::raw(500, "text/plain", "away"));
    running.setup.config.more = also("\"RS256\", \"ES256\"");
    running.setup.config.routes += &public("/new/*");
    reload(&running, "refused");
    complaint(&running, "cannot be read by the new settings");
    assert_eq!(running.gateway.send(Request::get("/new/x")).status, 404);
    let before = reloads(&running, "applied");
    other.publish(&PUBLISHED);
    wait_for("a reload that nobody asked for again", || (reloads(&running, "applied") > before).then_some(()));
    assert_eq!(running.gateway.send(Request::get("/new/x")).status, 200);
    assert_eq!(reloads(&running, "refused"), 1.0, "it is told once");
    assert_eq!(running.gateway.metric("doorward_config_current", &[]), 1.0);
}
