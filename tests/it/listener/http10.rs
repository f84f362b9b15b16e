//! Clients of HTTP/1.0.

use std::io::Write;
use std::net::TcpStream;

use crate::support::http::{Framing, Reader, framing};
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::Request;
use crate::support::setup::Running;

/// RFC 9110 §10.1.1: a server must ignore the expectation of a request of HTTP/1.0.
#[test]
fn a_client_of_http_1_0_that_expects_100_continue_gets_its_final_answer_alone() {
    let running = Running::new();
    let token = running.new_token("alice");
    let request = Request::new("POST", "/api/x").bearer(&token).with("Expect", "100-continue");
    let head = String::from_utf8(request.with("Content-Length", "5").bytes()).unwrap();
    let mut reader = Reader::new(TcpStream::connect(running.gateway.address).unwrap());
    reader.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    reader.stream.write_all(head.replacen("HTTP/1.1", "HTTP/1.0", 1).as_bytes()).unwrap();
    let in_flight = || running.gateway.metric("doorward_requests_in_flight", &[]);
    wait_for("the request to be served", || (in_flight() == 1.0).then_some(()));
    reader.stream.write_all(b"hello").unwrap();

    // The first head that comes, informational or not.
    let first = reader.head().unwrap().unwrap();
    let shown = String::from_utf8_lossy(&first);
    assert_eq!(shown.split(' ').nth(1), Some("200"), "{shown}");
    let mut body: Vec<u8> = Vec::new();
    reader.body(framing(&first, Framing::UntilClose), |piece| body.extend(piece)).unwrap();
    assert_eq!(body, b"ok");
    let seen = running.upstream().only(0);
    assert_eq!((&seen.body[..], seen.complete, seen.values("Expect").len()), (&b"hello"[..], true, 0));
}
