//! Bodies that can be read in two ways.

use crate::support::raw::{Connection, Request};
use crate::support::setup::Running;

fn chunked(running: &Running) -> Request {
    Request::new("POST", "/api/x").bearer(&running.new_token("alice")).with("Transfer-Encoding", "chunked")
}

#[test]
fn chunks_that_can_be_read_in_two_ways_are_400_and_close() {
    let running = Running::new();
    for body in ["1 \r\na\r\n0\r\n\r\n", "1\na\r\n0\r\n\r\n", "1;x\ny\r\na\r\n0\r\n\r\n", "0\r\nA: b\n\r\n", "0\r\n\n"]
    {
        let mut connection = Connection::open(running.gateway.address);
        connection.send(&chunked(&running).body(body).bytes());
        let answer = connection.response().unwrap();
        assert_eq!((answer.status, answer.value("Connection")), (400, "close".into()), "{body:?}: {}", answer.shown());
    }
    assert_eq!(running.upstream().count(), 0, "they were seen before anything was sent on");
}

#[test]
fn chunks_that_turn_bad_on_the_way_never_look_whole() {
    let running = Running::new();
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&chunked(&running).bytes());
    connection.send(b"3\r\nabc\r\n");
    running.upstream().wait_until("the first chunk", |request| request.body.windows(3).any(|part| part == b"abc"));
    connection.send(b"1 \r\nd\r\n0\r\n\r\n");
    let answer = connection.response().unwrap();
    assert_eq!((answer.status, answer.value("Connection")), (400, "close".into()), "{}", answer.shown());
    assert!(!running.upstream().only(0).complete);
}

#[test]
fn an_odd_spelling_of_a_framing_field_goes_no_further() {
    let running = Running::new();
    for name in ["Content_Length", "Content.Length", "Transfer_Encoding"] {
        let request = Request::get("/api/x").with(name, "5");
        assert_eq!(running.send_as("alice", request).status, 200);
        let seen = running.upstream().since(0).pop().unwrap();
        assert!(seen.values(name).is_empty(), "{}", seen.head.escape_ascii());
    }
}
