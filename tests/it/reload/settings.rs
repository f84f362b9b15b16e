//! What changes with a reload, and what a request keeps that began before it.

use std::sync::Arc;

use serde_json::json;

use super::{public, reload};
use crate::support::issuer::Issuer;
use crate::support::patience::wait_for;
use crate::support::raw::{Connection, Request};
use crate::support::recorder::{ANSWER, Gate, Recorder, Step};
use crate::support::setup::Running;
use crate::support::users::{self, User};
use crate::support::websocket::{SWITCH, upgrade};
use crate::support::words::Words;

#[test]
fn a_request_in_flight_ends_as_it_began() {
    let mut running = Running::new();
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    running.upstream().answer(move |_| vec![Step::Await(Arc::clone(&held)), Step::Send(ANSWER.into())]);
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&Request::get("/public/slow").bytes());
    running.upstream().wait_until("the request", |request| request.line().contains("slow"));
    let other = Recorder::start();
    running.setup.config.upstreams = format!("[[upstream]]\nname = \"app\"\nservers = [\"{}\"]\n", other.url());
    running.setup.config.routes = public("/other/*");
    reload(&running, "applied");
    assert_eq!(running.gateway.send(Request::get("/public/x")).status, 404);
    assert_eq!(running.gateway.send(Request::get("/other/x")).status, 200);
    gate.open();
    assert_eq!(connection.response().unwrap().body, b"ok");
    connection.send(&Request::get("/public/slow").bytes());
    assert_eq!(connection.response().unwrap().status, 404, "a connection kept the routes that it began with");
    assert_eq!((running.upstream().count(), other.count()), (1, 1));
}

#[test]
fn what_was_proven_by_the_old_settings_is_proven_no_more() {
    let mut running = Running::new();
    let token = running.token(&json!({ "claims_set": { "aud": ["gateway-api", "other"] } }));
    let status = |running: &Running| running.gateway.send(Request::get("/api/x").bearer(&token)).status;
    assert_eq!(status(&running), 200);
    let good = running.setup.config.keycloak.clone();
    for (from, to) in [("audience = \"gateway-api\"", "audience = \"foreign\""), ("[\"gateway\"]", "[\"somebody\"]")] {
        running.setup.config.keycloak = good.replace(from, to);
        assert_ne!(running.setup.config.keycloak, good, "{from}");
        reload(&running, "applied");
        assert_eq!(status(&running), 401, "{to}");
        running.setup.config.keycloak.clone_from(&good);
        reload(&running, "applied");
        assert_eq!(status(&running), 200, "{from}");
    }
    running.setup.config.keycloak = good.replace("[\"RS256\", \"ES256\"]", "[\"ES256\"]");
    reload(&running, "applied");
    assert_eq!(status(&running), 401, "the algorithm is not accepted any more");
}

#[test]
fn issuers_come_and_go() {
    let mut running = Running::new();
    let other = Issuer::start();
    let user = User { name: "alicia", state: "active", roles: &["reader"] };
    users::add_known_as(&running.setup.database(), &other.url(), "alice", &user);
    let token = String::from_utf8(Words::new(&other.url()).token(&json!({})).unwrap()).unwrap();
    let status = |running: &Running| running.gateway.send(Request::get("/api/x").bearer(&token)).status;
    assert_eq!(status(&running), 401);
    running.setup.config.more = format!(
        "[[keycloak.also]]\nname = \"other\"\nissuer = \"{}\"\naudience = \"gateway-api\"\nallowed_clients = [\"gateway\"]\n\
         algorithms = [\"RS256\"]\n",
        other.url()
    );
    reload(&running, "applied");
    assert_eq!(status(&running), 200);
    assert_eq!(running.gateway.metric("doorward_keys", &["issuer=\"other\""]), 1.0);
    running.setup.config.more.clear();
    reload(&running, "applied");
    assert_eq!(status(&running), 401);
    assert_eq!(running.gateway.metric("doorward_keys", &["issuer=\"other\""]), 0.0, "it is shown though it is gone");
    assert_eq!(running.send_as("alice", Request::get("/api/x")).status, 200);
}

/// An upstream whose health is asked for ten times a second.
fn checked(other: &Recorder) -> String {
    format!(
        "[[upstream]]\nname = \"other\"\nservers = [\"{}\"]\nhealth = {{ path = \"/healthz\", interval = \"100ms\" }}\n",
        other.url()
    )
}

fn assert_no_more_checks(other: &Recorder) {
    let mut seen = other.count();
    // Ten times as long as from one check to the next.
    wait_for("the end of the checks", || {
        std::thread::sleep(std::time::Duration::from_secs(1));
        let still = std::mem::replace(&mut seen, other.count()) == seen;
        still.then_some(())
    });
}

#[test]
fn nobody_asks_for_the_health_of_what_is_gone() {
    let mut running = Running::new();
    let other = Recorder::start();
    let (upstreams, routes) = (running.setup.config.upstreams.clone(), running.setup.config.routes.clone());
    running.setup.config.upstreams += &checked(&other);
    running.setup.config.routes += "[[route]]\npath = \"/other\"\nupstream = \"other\"\n";
    reload(&running, "applied");
    other.wait_until("a check", |request| request.line() == "GET /healthz HTTP/1.1");
    (running.setup.config.upstreams, running.setup.config.routes) = (upstreams, routes);
    reload(&running, "applied");
    assert_no_more_checks(&other);
}

#[test]
fn a_websocket_that_goes_on_keeps_no_checks_of_what_is_gone() {
    let mut running = Running::new();
    let other = Recorder::start();
    other.answer(|request| match request.line() == "GET /healthz HTTP/1.1" {
        true => vec![Step::Send(ANSWER.into())],
        false => vec![Step::Send(SWITCH.into()), Step::Echo],
    });
    let (upstreams, routes) = (running.setup.config.upstreams.clone(), running.setup.config.routes.clone());
    running.setup.config.upstreams += &checked(&other);
    running.setup.config.routes += "[[route]]\npath = \"/other\"\nupstream = \"other\"\nwebsocket = true\n";
    reload(&running, "applied");
    let mut socket = Connection::open(running.gateway.address);
    let token = running.new_token("alice");
    socket.send(&upgrade("/other").bearer(&token).bytes());
    assert!(socket.head().unwrap().starts_with(b"HTTP/1.1 101"));
    (running.setup.config.upstreams, running.setup.config.routes) = (upstreams, routes);
    reload(&running, "applied");
    assert_no_more_checks(&other);
    socket.send(b"\x81\x02hi");
    assert_eq!(socket.read(4).unwrap(), b"\x81\x02hi", "and the WebSocket goes on");
}

#[test]
fn the_endpoints_follow_their_settings() {
    let mut running = Running::new();
    let status = |running: &Running, path: &str| running.gateway.send(Request::get(path)).status;
    assert_eq!(status(&running, "/auth/openapi.json"), 200);
    running.setup.config.more = "[auth]\nprefix = \"/account\"\ntest_endpoints = true\n".into();
    reload(&running, "applied");
    assert_eq!(status(&running, "/auth/openapi.json"), 404);
    let document = running.gateway.send(Request::get("/account/openapi.json")).json();
    assert!(document["paths"]["/account/token/client-credentials"].is_object(), "{document}");
}

#[test]
fn limits_are_those_of_the_moment() {
    let mut running = Running::new();
    let request = || Request::get("/public/x").with("A", "1").with("B", "2");
    let mut kept = Connection::open(running.gateway.address);
    let mut status = || {
        kept.send(&request().bytes());
        kept.response().unwrap().status
    };
    assert_eq!(status(), 200);
    running.setup.config.server += "max_headers = 2\nmax_connections_per_address = 1\n";
    // Metrics are asked for at the other listener, which has no such limit.
    reload(&running, "applied");
    assert!(Request::get("/public/x").try_send(running.gateway.address).is_ok_and(|answer| answer.status == 503));
    assert_eq!(status(), 431);
}

#[test]
fn whose_word_counts_is_a_setting_like_others() {
    let mut running = Running::new();
    let seen = |running: &Running| {
        let before = running.upstream().count();
        running.gateway.send(Request::get("/public/x").with("X-Forwarded-For", "192.0.2.7"));
        running.upstream().only(before).value("X-Forwarded-For")
    };
    assert_eq!(seen(&running), "127.0.0.1");
    running.setup.config.server += "trusted_proxies = [\"127.0.0.0/8\"]\n";
    reload(&running, "applied");
    assert!(seen(&running).starts_with("192.0.2.7"));
}
