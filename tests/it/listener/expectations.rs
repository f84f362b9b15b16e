//! `Expect: 100-continue`: a client is asked for its body when it may come in, and not before.

use crate::support::raw::{Connection, Request};
use crate::support::setup::{Running, Setup};

fn asking(request: Request, length: usize) -> Vec<u8> {
    request.with("Expect", "100-continue").with("Content-Length", &length.to_string()).bytes()
}

#[test]
fn an_admitted_client_is_asked_for_its_body() {
    let running = Running::new();
    let token = running.new_token("alice");
    let mut connection = Connection::open(running.gateway.address);
    for _ in 0..2 {
        connection.send(&asking(Request::new("POST", "/api/x").bearer(&token), 5));
        let asked = String::from_utf8(connection.read(25).unwrap()).unwrap();
        assert_eq!(asked, "HTTP/1.1 100 Continue\r\n\r\n");
        connection.send(b"hello");
        let answer = connection.response().unwrap();
        assert_eq!((answer.status, answer.value("Connection")), (200, "keep-alive".into()), "{}", answer.shown());
    }
    for seen in running.upstream().since(0) {
        assert_eq!((&seen.body[..], seen.complete, seen.values("Expect").len()), (&b"hello"[..], true, 0));
    }
}

#[test]
fn the_upstream_hears_nothing_before_the_body_begins() {
    let running = Running::new();
    let token = running.new_token("alice");
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&asking(Request::new("POST", "/api/x").bearer(&token), 5));
    connection.read(25).unwrap();
    assert_eq!(running.upstream().count(), 0);
    let answer = connection.response().unwrap();
    assert_eq!((answer.status, running.upstream().count()), (408, 0), "{}", answer.shown());
}

#[test]
fn a_refused_client_is_not_asked() {
    let routes = "[[route]]\npath = \"/*\"\nupstream = \"app\"\nmax_body = \"1KiB\"\n";
    let running = Setup::with_routes(routes).start();
    let token = running.new_token("alice");
    for (request, length, status) in [
        (Request::new("POST", "/x"), 5, 401),
        (Request::new("POST", "/x").bearer("a.b.c"), 5, 401),
        (Request::new("POST", "/x").bearer(&token), 1025, 413),
    ] {
        let mut connection = Connection::open(running.gateway.address);
        connection.send(&asking(request, length));
        let first = String::from_utf8(connection.read(12).unwrap()).unwrap();
        assert!(first.starts_with(&format!("HTTP/1.1 {status}")), "{first}");
        assert!(connection.is_closed_within(crate::support::patience::PATIENCE));
    }
    assert_eq!(running.upstream().count(), 0);
}
