//! How they end.

use std::time::Duration;

use super::world::{SOON, World, upgrade};
use crate::support::h2;
use crate::support::raw::{Connection, Request};

#[test]
fn server_sent_events_break_off_when_their_session_ends() {
    let world = World::new();
    let open = |path: &str, sid: &str| world.open(Request::get(path).bearer(&world.token("alice", sid)));
    let (mut hers, mut other) = (open("/api/events", "s1"), open("/api/more", "s2"));
    world.end_session("s1");
    assert!(hers.is_closed_within(SOON));
    assert!(!other.is_closed_within(Duration::from_millis(200)), "another session goes on");
    let line = world.line_of("/api/events");
    assert_eq!((line["reason"].as_str(), line["status"].as_u64()), (Some("session-ended"), Some(200)), "{line}");
    assert_eq!(line["subject"], "alice", "{line}");
    let ended = world.running.gateway.metric("doorward_streams_ended_total", &["reason=\"session-ended\""]);
    assert!((ended - 1.0).abs() < 0.1);
}

#[test]
fn what_broke_off_is_no_complete_answer() {
    let world = World::new();
    let mut events = Connection::open(world.running.gateway.address);
    events.send(&Request::get("/api/events").bearer(&world.token("alice", "s1")).bytes());
    world.wait_for_streams(1.0);
    world.end_session("s1");
    assert!(events.response().is_err());
}

#[test]
fn a_websocket_is_closed_with_a_reason() {
    let world = World::new();
    let mut socket = world.open(upgrade("/ws/feed").bearer(&world.token("alice", "s1")));
    socket.send(b"\x81\x02hi");
    assert_eq!(socket.read(4).unwrap(), b"\x81\x02hi");
    world.end_session("s1");
    assert_eq!(socket.read(4).unwrap(), b"\x88\x02\x03\xf0", "a close frame of 1008");
    assert!(socket.is_closed_within(SOON));
    assert_eq!(world.line_of("/ws/feed")["reason"], "session-ended");
    world.wait_for_streams(0.0);
}

#[test]
fn a_websocket_in_the_middle_of_a_frame_is_closed_all_the_same() {
    let world = World::new();
    let mut socket = world.open(upgrade("/ws/feed").bearer(&world.token("alice", "s1")));
    socket.send(b"\x81\x05hi");
    assert_eq!(socket.read(4).unwrap(), b"\x81\x05hi");
    world.end_session("s1");
    assert!(socket.is_closed_within(SOON));
}

#[test]
fn a_stream_of_http2_is_reset_and_its_connection_goes_on() {
    let world = World::with(|setup| setup.config.server.push_str("h2c = true\n"));
    let mut connection = h2::Connection::open(world.running.gateway.address);
    let ask = |path: &str, sid: &str| {
        let mut fields = h2::get(path);
        fields.push(("authorization".into(), format!("Bearer {}", world.token("alice", sid))));
        fields
    };
    connection.send(&h2::headers(1, &ask("/api/events", "s1"), true));
    connection.send(&h2::headers(3, &ask("/api/more", "s2"), true));
    world.wait_for_streams(2.0);
    world.end_session("s1");
    let outcome = connection.outcome(1, SOON);
    assert_eq!((outcome.status, outcome.ended, outcome.closed), (Some(200), false, false), "{outcome:?}");
    assert!(outcome.reset.is_some(), "{outcome:?}");
    world.wait_for_streams(1.0);
    world.end_session("s2");
    assert!(connection.outcome(3, SOON).reset.is_some());
}
