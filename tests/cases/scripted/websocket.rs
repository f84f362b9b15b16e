//! WebSockets (RFC 6455) that should not open, and open ones that nobody uses.

use std::time::{Duration, Instant};

use super::Script;
use crate::support::patience::PATIENCE;
use crate::support::raw::{Connection, Request, Response};
use crate::support::recorder::Step;
use crate::support::setup::{Running, Setup};
use crate::support::websocket::{SWITCH, upgrade};

pub const SCRIPTS: &[(&str, Script)] = &[
    ("WS-011", |_| refused(|token| upgrade(&format!("/ws/echo?access_token={token}")))),
    ("WS-012", |_| refused(|token| upgrade("/ws/echo").with("Sec-WebSocket-Protocol", &format!("bearer, {token}")))),
    ("WS-015", |_| an_upgrade_that_nobody_asked_for()),
    ("WS-016", |_| an_idle_socket()),
];

fn refused(request: impl Fn(&str) -> Request) {
    let running = Running::new();
    let answer: Response = running.gateway.send(request(&running.new_token("alice")));
    assert_eq!(answer.status, 401, "{}", answer.shown());
    assert_eq!(running.upstream().count(), 0);
}

fn an_upgrade_that_nobody_asked_for() {
    let running = Running::new();
    running.upstream().answer_raw(SWITCH);
    let answer = running.send_as("alice", Request::get("/ws/echo"));
    assert_eq!((answer.status, running.upstream().count()), (502, 1), "{}", answer.shown());
}

fn open(running: &Running, token: &str) -> Connection {
    let mut socket = Connection::open(running.gateway.address);
    socket.send(&upgrade("/ws/echo").bearer(token).bytes());
    let answer = socket.response().unwrap();
    assert_eq!(answer.status, 101, "{}", answer.shown());
    socket
}

fn an_idle_socket() {
    let mut setup = Setup::new();
    setup.config.routes = setup.config.routes.replace("websocket = true", "websocket = true\ntimeout = \"1s\"");
    let running = setup.start();
    running.upstream().answer(|_| vec![Step::Send(SWITCH.into()), Step::Echo]);
    let mut socket = open(&running, &running.new_token("alice"));
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1500) {
        socket.send(b"\x81\x81\0\0\0\0x");
        assert_eq!(socket.read(7).unwrap(), b"\x81\x81\0\0\0\0x", "a socket in use was closed");
    }
    assert!(socket.is_closed_within(PATIENCE), "an idle socket stays open");
}
