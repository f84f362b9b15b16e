//! How they end.

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::{client, server};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::world::{SOON, World};
use crate::support::raw::{Connection, Request};
use crate::support::websocket::upgrade;
use crate::support::{grpc, h2 as frames};

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
    let mut connection = frames::Connection::open(world.running.gateway.address);
    let ask = |path: &str, sid: &str| {
        let mut fields = frames::get(path);
        fields.push(("authorization".into(), format!("Bearer {}", world.token("alice", sid))));
        fields
    };
    connection.send(&frames::headers(1, &ask("/api/events", "s1"), true));
    connection.send(&frames::headers(3, &ask("/api/more", "s2"), true));
    world.wait_for_streams(2.0);
    world.end_session("s1");
    let outcome = connection.outcome(1, SOON);
    assert_eq!((outcome.status, outcome.ended, outcome.closed), (Some(200), false, false), "{outcome:?}");
    assert!(outcome.reset.is_some(), "{outcome:?}");
    world.wait_for_streams(1.0);
    world.end_session("s2");
    assert!(connection.outcome(3, SOON).reset.is_some());
}

#[test]
fn a_download_ends_whether_its_client_reads_or_not() {
    let world = World::new();
    let open = |path: &str| world.open(Request::get(path).bearer(&world.token("alice", "s1")));
    let (mut reading, mut waiting) = (open("/api/download/read"), open("/api/download/not-read"));
    thread::scope(|scope| {
        let read = scope.spawn(|| {
            let mut read = 0_usize;
            while reading.read(64 * 1024).is_ok() {
                read += 1;
            }
            read
        });
        world.end_session("s1");
        // The one that reads nothing is ended while the gateway can write no more to it.
        for path in ["/api/download/read", "/api/download/not-read"] {
            assert_eq!(world.line_of(path)["reason"], "session-ended");
        }
        assert!(read.join().unwrap() > 0);
    });
    assert!(waiting.is_closed_within(SOON));
    world.wait_for_streams(0.0);
}

#[test]
fn a_call_of_grpc_is_reset_on_both_sides() {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (broken_off, mut is_broken_off) = mpsc::unbounded_channel();
    runtime.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let broken_off = broken_off.clone();
            tokio::spawn(async move {
                let mut connection = server::handshake(stream).await.unwrap();
                while let Some(Ok((request, respond))) = connection.accept().await {
                    let broken_off = broken_off.clone();
                    tokio::spawn(async move {
                        let (path, whole) = (request.uri().path().to_owned(), grpc::echoed(request, respond).await);
                        broken_off.send((path, whole)).unwrap();
                    });
                }
            });
        }
    });
    let world = World::with(|setup| {
        setup.speak_http2_to(address);
        setup.config.server.push_str("h2c = true\n");
    });
    runtime.block_on(async {
        let stream = TcpStream::connect(world.running.gateway.address).await.unwrap();
        let (mut requests, connection) = client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let mut call = |method: &str, sid: &str| {
            let request = http::Request::post(format!("http://gw.test/api/{method}")).header("te", "trailers");
            let request = request.header("authorization", format!("Bearer {}", world.token("alice", sid)));
            requests.send_request(request.body(()).unwrap(), false).unwrap()
        };
        let [(hers, mut say), (other, mut go_on)] = [call("Ended", "s1"), call("Other", "s2")];
        let both = async { (hers.await.unwrap().into_body(), other.await.unwrap().into_body()) };
        let (mut hers, mut other) = timeout(SOON, both).await.unwrap();
        tokio::task::block_in_place(|| world.wait_for_streams(2.0));
        say.send_data(Bytes::from_static(b"first"), false).unwrap();
        assert_eq!(&hers.data().await.unwrap().unwrap()[..], b"first");
        tokio::task::block_in_place(|| world.end_session("s1"));
        assert!(timeout(SOON, hers.data()).await.unwrap().unwrap().unwrap_err().is_reset());
        assert_eq!(timeout(SOON, is_broken_off.recv()).await.unwrap(), Some(("/api/Ended".into(), false)));
        go_on.send_data(Bytes::from_static(b"last"), true).unwrap();
        assert_eq!(&other.data().await.unwrap().unwrap()[..], b"last");
        assert!(other.data().await.is_none());
        assert_eq!(other.trailers().await.unwrap().unwrap()["grpc-status"], "0");
    });
    assert_eq!(world.line_of("/api/Ended")["reason"], "session-ended");
}
