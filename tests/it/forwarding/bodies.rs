//! Bodies stream both ways.

use std::sync::Arc;

use crate::support::patience::wait_for;
use crate::support::raw::{Connection, Request};
use crate::support::recorder::{Gate, Step};
use crate::support::setup::{Running, Setup};

#[test]
fn the_answer_arrives_while_the_upstream_still_writes_it() {
    let running = Running::new();
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    running.upstream().answer(move |_| {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n".to_vec();
        vec![Step::Send(head), Step::Await(Arc::clone(&held)), Step::Send(b"4\r\nlast\r\n0\r\n\r\n".to_vec())]
    });
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&Request::get("/public/x").bytes());
    connection.head().unwrap();
    let mut came = Vec::new();
    while !came.windows(5).any(|window| window == b"first") {
        came.extend(connection.read(1).unwrap());
    }
    gate.open();
    while !came.windows(4).any(|window| window == b"last") {
        came.extend(connection.read(1).unwrap());
    }
}

#[test]
fn a_request_body_reaches_the_upstream_while_the_client_still_writes_it() {
    let running = Running::new();
    let token = running.new_token("alice");
    let mut connection = Connection::open(running.gateway.address);
    let request = Request::new("POST", "/api/x").bearer(&token).with("Content-Length", "9");
    connection.send(&request.bytes());
    connection.send(b"first");
    running.upstream().wait_until("the first half", |request| request.body == b"first");
    connection.send(b"last");
    assert_eq!(connection.response().unwrap().status, 200);
    assert_eq!(running.upstream().only(0).body, b"firstlast");
}

#[test]
fn fifty_megabytes_pass_and_are_not_held_in_memory() {
    let running = Running::new();
    let token = running.new_token("alice");
    assert_eq!(running.gateway.send(Request::new("POST", "/api/x").bearer(&token).body("warm")).status, 200);
    let length: usize = 50 << 20;
    running.gateway.forget_peak();
    let before = running.gateway.memory();
    let mut connection = Connection::open(running.gateway.address);
    connection
        .send(&Request::new("POST", "/api/big").bearer(&token).with("Content-Length", &length.to_string()).bytes());
    for _ in 0..length >> 16 {
        connection.send(&[b'x'; 1 << 16]);
    }
    assert_eq!(connection.response().unwrap().status, 200);
    let seen = running.upstream().wait_until("the whole body", |request| request.line().contains("/api/big"));
    assert_eq!(seen.body_length, length as u64);
    let grown = running.gateway.peak_memory().saturating_sub(before);
    assert!(grown < 8 * 1024, "memory grew by {grown} KiB");
}

#[test]
fn a_chunked_body_passes() {
    let running = Running::new();
    let request =
        Request::new("POST", "/api/x").with("Transfer-Encoding", "chunked").body("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_eq!(running.send_as("alice", request).status, 200);
    let seen = running.upstream().only(0);
    assert_eq!(crate::support::http::dechunked(&seen.body), b"abcde");
}

#[test]
fn a_body_over_the_limit_of_its_route_is_413() {
    let routes = "[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\nmax_body = \"1 KiB\"\n";
    let running = Setup::with_routes(routes).start();
    assert_eq!(running.gateway.send(Request::new("POST", "/x").body(vec![b'x'; 1024])).status, 200);
    assert_eq!(running.gateway.send(Request::new("POST", "/x").body(vec![b'x'; 1025])).status, 413);
    let chunked = [&b"800\r\n"[..], &[b'x'; 2048], b"\r\n0\r\n\r\n"].concat();
    let chunked = Request::new("POST", "/chunked").with("Transfer-Encoding", "chunked").body(chunked);
    assert_eq!(running.gateway.send(chunked).status, 413);
    assert_eq!(running.upstream().since(0).iter().filter(|request| request.complete).count(), 1);
}

#[test]
fn an_answer_that_is_cut_short_is_seen_to_be_cut() {
    let running = Running::new();
    running
        .upstream()
        .answer(|_| vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec()), Step::Close]);
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&Request::get("/public/x").bytes());
    let answer = connection.response();
    assert!(answer.as_ref().map_or(true, |answer| answer.status == 502), "a cut answer looks whole: {answer:?}");
}

#[test]
fn a_client_that_leaves_does_not_keep_the_upstream_busy() {
    let running = Running::new();
    let token = running.new_token("alice");
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&Request::new("POST", "/api/x").bearer(&token).with("Content-Length", "9").bytes());
    connection.send(b"first");
    running.upstream().wait_until("the first half", |request| request.body == b"first");
    drop(connection);
    wait_for("the next request", || (running.send_as("alice", Request::get("/api/y")).status == 200).then_some(()));
    let half = running.upstream().wait_until("the first half", |request| request.line().contains("/api/x"));
    assert!(!half.complete, "a cut body looks whole to the upstream");
}
