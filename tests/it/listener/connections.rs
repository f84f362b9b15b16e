//! Who may hold a connection, and for how long.

use std::time::{Duration, Instant};

use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request};
use crate::support::setup::{Running, Setup};

fn with(server: &str) -> Running {
    let mut setup = Setup::new();
    setup.config.server += server;
    setup.start()
}

fn holds(running: &Running) -> Connection {
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&Request::get("/public/x").bytes());
    assert_eq!(connection.response().unwrap().status, 200);
    connection
}

#[test]
fn one_address_has_its_share_of_connections() {
    let running = with("max_connections_per_address = 2\n");
    let held = [holds(&running), holds(&running)];
    let refused = running.gateway.send(Request::get("/public/x"));
    assert_eq!((refused.status, refused.value("Retry-After").is_empty()), (503, false), "{}", refused.shown());
    assert_eq!(running.gateway.metric("doorward_requests_total", &["too-many-connections-of-address"]), 1.0);
    drop(held);
    wait_for("a free place", || {
        Request::get("/public/x").try_send(running.gateway.address).ok().filter(|answer| answer.status == 200)
    });
}

#[test]
fn a_trusted_proxy_brings_as_many_as_it_likes() {
    let running = with("max_connections_per_address = 1\ntrusted_proxies = [\"127.0.0.0/8\"]\n");
    let _held = [holds(&running), holds(&running)];
}

#[test]
fn a_connection_that_says_nothing_is_closed_by_the_head_s_deadline() {
    let running = with("header_timeout = \"300ms\"\nidle_timeout = \"1h\"\n");
    let mut silent = Connection::open(running.gateway.address);
    assert!(silent.is_closed_within(PATIENCE));
    let mut between = holds(&running);
    assert!(!between.is_closed_within(Duration::from_secs(1)), "between two requests somebody may think");
}

#[test]
fn a_kept_connection_is_closed_when_it_was_idle_for_long() {
    let running = with("idle_timeout = \"1s\"\n");
    let mut connection = holds(&running);
    let began = Instant::now();
    assert!(connection.is_closed_within(PATIENCE));
    assert!(began.elapsed() > Duration::from_millis(900));
}

#[test]
fn a_head_that_drips_is_408_however_steadily_it_drips() {
    let running = with("header_timeout = \"1s\"\n");
    let mut connection = Connection::open(running.gateway.address);
    connection.patience(Duration::from_millis(20));
    let drip = b"GET /public/x HTTP/1.1\r\nHost: gw.test\r\nX: ".iter().chain(std::iter::repeat(&b'x'));
    let began = Instant::now();
    for byte in drip {
        connection.send(&[*byte]);
        if connection.read(1).is_ok_and(|bytes| bytes.starts_with(b"H")) {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "nobody answered");
    }
    assert_eq!(running.gateway.metric("doorward_requests_total", &["request-timeout", "408"]), 1.0);
}

#[test]
fn a_refusal_that_left_no_doubt_keeps_the_connection() {
    let running = Running::new();
    let token = running.new_token("alice");
    let mut connection = Connection::open(running.gateway.address);
    for (request, status) in [
        (Request::get("/api/x"), 401),
        (Request::new("POST", "/api/x").body("small"), 401),
        (Request::get("/admin/x").bearer(&token), 403),
        (Request::new("POST", "/admin/x").bearer(&token).body("small"), 403),
        (Request::get("/nowhere").bearer(&token), 404),
        (Request::new("POST", "/public/x").body("small"), 405),
        (Request::get("/api/x").bearer(&token), 200),
    ] {
        connection.send(&request.bytes());
        let answer = connection.response().unwrap();
        assert_eq!((answer.status, answer.value("Connection")), (status, "keep-alive".into()), "{}", answer.shown());
    }
}

#[test]
fn a_client_that_reads_nothing_holds_no_memory() {
    let running = Running::new();
    running.upstream().answer(|_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n".to_vec();
        vec![crate::support::recorder::Step::Send(head), crate::support::recorder::Step::Flood(vec![b'x'; 1 << 16])]
    });
    drop(Connection::open(running.gateway.address));
    running.gateway.forget_peak();
    let before = running.gateway.memory();
    let mut lazy = Connection::open(running.gateway.address);
    lazy.send(&Request::get("/public/big").bytes());
    running.upstream().wait_until("the request", |request| request.line().contains("/public/big"));
    assert!(!lazy_gets_all(&mut lazy), "it was read after all");
    let grown = running.gateway.peak_memory().saturating_sub(before);
    assert!(grown < 16 * 1024, "memory grew by {grown} KiB");
}

/// Reads nothing for a moment, in which everything that will be buffered is buffered.
fn lazy_gets_all(lazy: &mut Connection) -> bool {
    lazy.head().unwrap();
    lazy.is_closed_within(Duration::from_millis(1))
}
