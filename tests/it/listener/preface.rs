//! What a connection begins with on which HTTP/2 was agreed.

use crate::support::h2::{self, PREFACE};
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::Connection;
use crate::support::setup::{Running, Setup};
use crate::support::tls::{Client, Pair};

/// A gateway on which no other deadline is near.
fn start() -> Running {
    let mut setup = Setup::new();
    let pair = Pair::write(setup.directory(), "own", "own-ec", "gw.test");
    setup.config.server += &format!(
        "handshake_timeout = \"2s\"\nheader_timeout = \"300s\"\nidle_timeout = \"1h\"\n\
         [server.tls]\nlisten = \"127.0.0.1:0\"\n{}",
        pair.settings()
    );
    setup.start()
}

#[test]
fn a_client_that_agrees_on_http2_and_does_not_begin_it_is_dropped_in_time() {
    let running = start();
    let client = Client::asking("gw.test", &["h2"]);
    let connect = || client.connect(running.gateway.tls.unwrap()).unwrap();
    let beginnings = [&b""[..], &PREFACE[..10], &b"GET /public/x HTTP/1.1\r\nHost: gw.test\r\n\r\n"[..]];
    let held = beginnings.map(|bytes| {
        let mut connection = Connection::over(connect());
        connection.send(bytes);
        connection
    });
    for mut connection in held {
        assert!(connection.is_closed_within(PATIENCE));
    }
    let dropped = |reason: &str| running.gateway.metric("doorward_connections_dropped_total", &[reason]);
    wait_for("the count", || (dropped("reason=\"http2-preface\"") == 3.0).then_some(()));
    assert_eq!(dropped("reason="), 3.0, "by that reason alone");
    wait_for("the lines", || (running.gateway.log.text().matches("\"http2-preface\"").count() == 3).then_some(()));
    let told = running.gateway.log.wait(PATIENCE, |line| line["reason"] == "http2-preface");
    assert_eq!(told.unwrap()["client"], "127.0.0.1");
    wait_for("the connections to end", || (running.gateway.metric("doorward_connections", &[]) == 0.0).then_some(()));

    let mut next = h2::Connection::over(connect());
    next.send(&h2::headers(1, &h2::get("/public/x"), true));
    let outcome = next.outcome(1, PATIENCE);
    assert_eq!(outcome.status, Some(200), "{outcome:?}");
}
