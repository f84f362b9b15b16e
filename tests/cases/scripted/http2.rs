//! HTTP/2 connections that keep no rule, or use every one against us.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Script;
use crate::support::h2::{
    CONTINUATION, Connection, DATA, END_HEADERS, END_STREAM, HEADERS, Outcome, PING, PRIORITY, PUSH_PROMISE, SETTINGS,
    WINDOW_UPDATE, block, frame, get, headers,
};
use crate::support::raw::Request;
use crate::support::recorder::Step;
use crate::support::setup::{Running, Setup};

pub const SCRIPTS: &[(&str, Script)] = &[
    ("H2-046", |expect| flooded(expect, continuations, true)),
    ("H2-049", |expect| flooded(expect, |_| frame(PING, 0, 0, &[0; 8]).repeat(1000), true)),
    ("H2-051", |expect| flooded(expect, |_| frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]).repeat(1000), false)),
    ("H2-052", |_| windows_that_overflow()),
    ("H2-053", |_| clients_that_take_nothing()),
    ("H2-054", |_| one_stream_too_many()),
    ("H2-056", |expect| flooded(expect, table_sizes, false)),
    ("H2-058", |_| {
        gone(&[headers(1, &get("/public/x"), false), frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2])], 1)
    }),
    ("H2-059", |_| frames_of_unknown_types()),
    ("H2-061", |_| half_a_preface()),
    ("H2-062", |_| an_idle_connection()),
    ("H2-064", |_| extended_connect()),
    ("H2-065", |_| trailers_without_an_end()),
    ("H2-066", |_| an_upstream_that_breaks_the_rules()),
];

/// Everything that any of them needs.
fn running(server: &str) -> Running {
    let mut setup = Setup::new();
    setup.config.server += &format!("h2c = true\n{server}");
    setup.start()
}

/// A connection ends, nobody else's does, and memory does not grow.
fn flooded(expect: &Value, piece: fn(usize) -> Vec<u8>, must_end: bool) {
    let running = running("");
    let growth = || running.gateway.grown_by(|| flood(&running, piece, must_end));
    // What the first of its kind costs on each thread, it costs once; what an attacker can make grow grows every time.
    let grown: Vec<u64> = (0..5).map(|_| growth()).collect();
    let allowed = expect["max_rss_mb_growth"].as_u64().unwrap_or(1) * 1024;
    assert!(grown.iter().any(|grown| *grown <= allowed), "memory grew by {grown:?} KiB");
}

fn flood(running: &Running, piece: fn(usize) -> Vec<u8>, must_end: bool) {
    let mut connection = Connection::open(running.gateway.address);
    // A flood that is refused takes no more bytes, so it is not sent to its end.
    let all = (0..100).all(|round| connection.flood(&piece(round), 1, Duration::from_secs(3)));
    let outcome = connection.outcome(0, Duration::from_secs(5));
    assert!(ended(&outcome) || !must_end, "all taken: {all}, {outcome:?}");
    assert_served(running);
}

fn ended(outcome: &Outcome) -> bool {
    outcome.closed || outcome.gone.is_some_and(|code| code != 0)
}

fn assert_served(running: &Running) {
    let mut other = Connection::open(running.gateway.address);
    other.send(&headers(1, &get("/public/x"), true));
    let outcome = other.outcome(1, Duration::from_secs(10));
    assert_eq!(outcome.status, Some(200), "others are not served: {outcome:?}");
}

/// One MB of a block that never ends.
fn continuations(round: usize) -> Vec<u8> {
    let piece = block(&vec![("x".to_owned(), "y".repeat(100)); 140]);
    let begin = if round == 0 { frame(HEADERS, 0, 1, &block(&get("/public/x"))) } else { Vec::new() };
    [begin, frame(CONTINUATION, 0, 1, &piece).repeat(64)].concat()
}

/// Requests whose blocks change the size of the table again and again.
fn table_sizes(round: usize) -> Vec<u8> {
    let changes = [[0x20].as_slice(), &[0x3f, 0xe1, 0x1f]].concat();
    let stream = 2 * u32::try_from(round).unwrap() + 1;
    let block = [changes.repeat(1000), block(&get("/api/x"))].concat();
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

/// The connection is ended with that code.
fn gone(frames: &[Vec<u8>], code: u32) {
    let running = running("");
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&frames.concat());
    let outcome = connection.outcome(99, Duration::from_secs(10));
    assert_eq!(outcome.gone, Some(code), "{outcome:?}");
    assert_served(&running);
}

fn windows_that_overflow() {
    const FLOW_CONTROL_ERROR: u32 = 3;
    let most = 0x7fff_ffff_u32.to_be_bytes();
    gone(&[frame(WINDOW_UPDATE, 0, 0, &most), frame(WINDOW_UPDATE, 0, 0, &most)], FLOW_CONTROL_ERROR);
    let running = running("");
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&headers(1, &get("/api/x"), false));
    connection.send(&frame(WINDOW_UPDATE, 0, 1, &most).repeat(2));
    let outcome = connection.outcome(1, Duration::from_secs(10));
    assert!(outcome.reset == Some(FLOW_CONTROL_ERROR) || outcome.status == Some(401), "{outcome:?}");
}

/// What the upstream sends waits there, and not in memory.
fn clients_that_take_nothing() {
    let running = running("");
    running.upstream().answer(|_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n".to_vec();
        vec![Step::Send(head), Step::Flood(vec![b'x'; 1 << 16])]
    });
    let before = running.gateway.memory();
    running.gateway.forget_peak();
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    for stream in 0..100 {
        connection.send(&headers(2 * stream + 1, &get("/public/big"), true));
    }
    let began = Instant::now();
    while running.upstream().count() < 100 && began.elapsed() < Duration::from_secs(20) {
        let _ = connection.next(Duration::from_millis(20));
    }
    // Everything that will be buffered is buffered soon.
    let _ = connection.outcome(0, Duration::from_secs(2));
    let grown = running.gateway.peak_memory().saturating_sub(before);
    // 64 KiB are held for the client, the rest between Pingora's two halves: far from what the upstream would send.
    assert!(grown <= 100 * 1024, "memory grew by {grown} KiB for 100 streams");
}

fn one_stream_too_many() {
    const REFUSED_STREAM: u32 = 7;
    let running = running("");
    let gate = std::sync::Arc::new(crate::support::recorder::Gate::default());
    let held = std::sync::Arc::clone(&gate);
    running.upstream().answer(move |_| {
        vec![Step::Await(std::sync::Arc::clone(&held)), Step::Send(crate::support::recorder::ANSWER.into())]
    });
    let mut connection = Connection::open(running.gateway.address);
    for stream in 0..=100 {
        connection.send(&headers(2 * stream + 1, &get("/public/x"), true));
    }
    assert_eq!(connection.outcome(201, Duration::from_secs(20)).reset, Some(REFUSED_STREAM));
    gate.open();
    assert_eq!(connection.outcome(199, Duration::from_secs(20)).status, Some(200));
}

fn frames_of_unknown_types() {
    let running = running("");
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&frame(0x4b, 0xff, 0, b"anything").repeat(3));
    connection.send(&headers(1, &get("/public/x"), true));
    assert_eq!(connection.outcome(1, Duration::from_secs(10)).status, Some(200));
}

fn half_a_preface() {
    let running = running("");
    for half in [&b"PRI * HT"[..], b"PRI * HTTP/2.0\r\n\r\nSM"] {
        let mut connection = crate::support::raw::Connection::open(running.gateway.address);
        connection.send(half);
        assert!(connection.is_closed_within(Duration::from_secs(12)), "{half:?}");
    }
}

fn an_idle_connection() {
    let running = running("idle_timeout = \"1s\"\n");
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&headers(1, &get("/public/x"), true));
    assert_eq!(connection.outcome(1, Duration::from_secs(10)).status, Some(200));
    let outcome = connection.outcome(3, Duration::from_secs(10));
    assert_eq!((outcome.gone, outcome.closed), (Some(0), true), "{outcome:?}");
}

fn extended_connect() {
    let running = running("");
    let mut fields = get("/ws/x");
    fields[0].1 = "CONNECT".into();
    fields.push((":protocol".into(), "websocket".into()));
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&headers(1, &fields, false));
    let outcome = connection.outcome(1, Duration::from_secs(10));
    // It was not offered (RFC 8441 §3), so the field is unknown.
    let refused = outcome.status.is_some_and(|status| [401, 405, 501].contains(&status));
    assert!(refused || outcome.reset == Some(1), "{outcome:?}");
    assert_eq!(running.upstream().count(), 0);
}

fn trailers_without_an_end() {
    let running = running("");
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&headers(1, &get("/public/x"), false));
    connection.send(&[frame(DATA, 0, 1, b"a"), headers(1, &[("x".into(), "y".into())], false)].concat());
    let outcome = connection.outcome(1, Duration::from_secs(10));
    assert!(outcome.reset == Some(1) || outcome.gone == Some(1), "{outcome:?}");
    assert!(running.upstream().since(0).iter().all(|request| !request.complete));
}

fn an_upstream_that_breaks_the_rules() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.write_all(&frame(SETTINGS, 0, 0, &[0, 5, 0, 0, 0, 1]));
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    });
    let mut setup = Setup::new();
    setup.speak_http2_to(address);
    let running = setup.start();
    let answer = running.gateway.send(Request::get("/public/x"));
    assert_eq!(answer.status, 502, "{}", answer.shown());
}
