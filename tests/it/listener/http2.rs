//! HTTP/2 towards clients.

use std::time::Duration;

use crate::support::h2::{
    Connection, DATA, END_STREAM, Fields, PING, PRIORITY, RST_STREAM, SETTINGS, block, frame, get, headers,
};
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::Request;
use crate::support::recorder::Step;
use crate::support::setup::{Running, Setup};
use crate::support::tls::{Client, Pair};

fn start_with(server: &str) -> Running {
    let mut setup = Setup::new();
    setup.config.server += &format!("h2c = true\n{server}");
    setup.start()
}

fn start() -> Running {
    start_with("")
}

fn with(mut fields: Fields, more: &[(&str, &str)]) -> Fields {
    for (name, value) in more {
        match fields.iter_mut().find(|(known, _)| known == name && name.starts_with(':')) {
            Some(field) => field.1 = (*value).to_owned(),
            None => fields.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    fields
}

fn assert_status(client: &mut Connection, stream: u32, status: u16) {
    let outcome = client.outcome(stream, PATIENCE);
    assert_eq!(outcome.status, Some(status), "{outcome:?}");
}

fn bearer(running: &Running) -> String {
    format!("Bearer {}", running.new_token("alice"))
}

#[test]
fn requests_pass_side_by_side_without_tls_where_it_is_allowed() {
    let running = start();
    let authorization = bearer(&running);
    let mut client = Connection::open(running.gateway.address);
    let post =
        with(get("/api/x"), &[(":method", "POST"), ("authorization", &authorization), ("x-auth-roles", "admin")]);
    client.send(&[headers(1, &post, false), headers(3, &get("/public/y"), true)].concat());
    client.send(&[frame(DATA, 0, 1, b"hel"), frame(DATA, END_STREAM, 1, b"lo")].concat());
    let (first, second) =
        (client.outcome(1, PATIENCE), running.upstream().wait_until("y", |r| r.line().contains("/y")));
    assert_eq!((first.status, &first.body[..], first.ended), (Some(200), &b"ok"[..], true), "{first:?}");
    assert_eq!(second.line(), "GET /public/y HTTP/1.1");
    let seen = running.upstream().wait_until("x", |request| request.complete && request.line().contains("/api/x"));
    assert_eq!((seen.line().as_str(), seen.value("Host")), ("POST /api/x HTTP/1.1", "gw.test".into()));
    assert_eq!((seen.value("X-Auth-Subject"), seen.value("X-Auth-Roles")), ("alice".into(), "user".into()));
    // HTTP/1 is spoken there as before.
    assert_eq!(running.gateway.send(Request::new("POST", "/public/x")).status, 405);
}

#[test]
fn without_leave_http2_needs_tls() {
    let running = Running::new();
    let mut client = Connection::open(running.gateway.address);
    assert!(client.is_closed_within(PATIENCE));
    assert_eq!(running.gateway.metric("doorward_requests_total", &["request-line", "400"]), 1.0);
}

#[test]
fn over_tls_it_is_agreed_on() {
    let mut setup = Setup::new();
    let pair = Pair::write(setup.directory(), "own", "own-ec", "gw.test");
    setup.config.server += &format!("[server.tls]\nlisten = \"127.0.0.1:0\"\n{}", pair.settings());
    let running = setup.start();
    let socket = Client::asking("gw.test", &["h2", "http/1.1"]).connect(running.gateway.tls.unwrap()).unwrap();
    let mut client = Connection::over(socket);
    client.send(&headers(1, &with(get("/public/x"), &[(":scheme", "https")]), true));
    assert_status(&mut client, 1, 200);
    assert_eq!(running.upstream().only(0).value("X-Forwarded-Proto"), "https");
    client.send(&headers(3, &with(get("/public/x"), &[(":authority", "other.test")]), true));
    assert_status(&mut client, 3, 421);
}

#[test]
fn the_pieces_of_a_cookie_are_joined() {
    let running = start();
    let crumbs = [("cookie", "a=1"), ("cookie", "__Host-doorward=secret"), ("cookie", "b=2")];
    let mut client = Connection::open(running.gateway.address);
    client.send(&headers(1, &with(get("/public/x"), &crumbs), true));
    assert_status(&mut client, 1, 200);
    assert_eq!(running.upstream().only(0).values("Cookie"), ["a=1; b=2"]);
}

#[test]
fn what_can_be_read_in_two_ways_is_refused_as_in_http1() {
    let running = start();
    let mut client = Connection::open(running.gateway.address);
    let odd: [&[(&str, &str)]; 9] = [
        &[(":path", "/public/../admin")],
        &[(":path", "public/x")],
        &[("host", "evil.test")],
        &[(":authority", "gw.test.")],
        &[(":authority", "user@gw.test")],
        &[(":scheme", "ftp")],
        &[("content-length", "0"), ("content-length", "0")],
        &[("content-length", "00")],
        &[("content-length", "+0")],
    ];
    for (position, fields) in odd.into_iter().enumerate() {
        let stream = 2 * u32::try_from(position).unwrap() + 1;
        client.send(&headers(stream, &with(get("/public/x"), fields), true));
        let outcome = client.outcome(stream, PATIENCE);
        assert!(outcome.status == Some(400) || outcome.reset == Some(1), "{fields:?}: {outcome:?}");
    }
    assert_eq!(running.upstream().count(), 0);
    client.send(&headers(101, &get("/public/x"), true));
    assert_status(&mut client, 101, 200);
}

#[test]
fn a_head_has_its_limits() {
    let running = start_with("max_headers = 20\nmax_header_size = \"4KiB\"\n");
    let mut client = Connection::open(running.gateway.address);
    let many: Vec<(String, String)> = (0..21).map(|n| (format!("x-{n}"), "1".into())).collect();
    client.send(&headers(1, &[get("/public/x"), many].concat(), true));
    assert_status(&mut client, 1, 431);
    client.send(&headers(3, &with(get("/public/x"), &[("x", &"x".repeat(5000))]), true));
    assert_status(&mut client, 3, 431);
    let crumbs = vec![("cookie".to_owned(), "a=1".to_owned()); 30];
    client.send(&headers(5, &[get("/public/x"), crumbs].concat(), true));
    assert_status(&mut client, 5, 200);
}

#[test]
fn a_refusal_is_seen_though_the_body_is_unread() {
    let running = start();
    let mut client = Connection::open(running.gateway.address);
    client.send(&headers(1, &with(get("/api/x"), &[(":method", "POST")]), false));
    client.send(&frame(DATA, 0, 1, &[b'x'; 16 * 1024]));
    let outcome = client.outcome(1, PATIENCE);
    assert_eq!((outcome.status, outcome.ended), (Some(401), true), "{outcome:?}");
}

#[test]
fn a_body_has_its_limit() {
    let routes = "[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\nmax_body = \"1KiB\"\n";
    let mut setup = Setup::with_routes(routes);
    setup.config.server += "h2c = true\n";
    let running = setup.start();
    let mut client = Connection::open(running.gateway.address);
    let post = with(get("/x"), &[(":method", "POST")]);
    client.send(&headers(1, &with(post.clone(), &[("content-length", "1025")]), false));
    assert_status(&mut client, 1, 413);
    assert_eq!(running.upstream().count(), 0);
    client.send(&headers(3, &post, false));
    client.send(&frame(DATA, 0, 3, &[b'x'; 1025]));
    assert_status(&mut client, 3, 413);
    assert!(running.upstream().since(0).iter().all(|request| !request.complete));
}

#[test]
fn floods_end_the_connection_and_nobody_else_s() {
    let running = start();
    let reset =
        |stream| [headers(stream, &get("/public/x"), true), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat();
    let floods: [&dyn Fn(u32) -> Vec<u8>; 4] = [
        &|_| frame(PING, 0, 0, &[0; 8]),
        &|_| frame(SETTINGS, 0, 0, &[]),
        &|_| frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]),
        &reset,
    ];
    for flood in floods {
        let mut client = Connection::open(running.gateway.address);
        for round in 0..3000 {
            client.send(&flood(2 * round + 1));
        }
        let outcome = client.outcome(0, PATIENCE);
        assert!(outcome.gone.is_some_and(|code| code != 0) || outcome.closed, "{outcome:?}");
    }
    let mut other = Connection::open(running.gateway.address);
    other.send(&headers(1, &get("/public/x"), true));
    assert_eq!(other.outcome(1, PATIENCE).status, Some(200));
    assert!(running.gateway.metric("doorward_connections_dropped_total", &["http2-flood"]) >= 3.0);
}

#[test]
fn an_idle_connection_is_told_to_go() {
    let running = start_with("idle_timeout = \"500ms\"\nhandshake_timeout = \"500ms\"\n");
    let mut idle = Connection::open(running.gateway.address);
    idle.send(&headers(1, &get("/public/x"), true));
    assert_eq!(idle.outcome(1, PATIENCE).status, Some(200));
    let outcome = idle.outcome(3, PATIENCE);
    assert_eq!((outcome.gone, outcome.closed), (Some(0), true), "{outcome:?}");
}

#[test]
fn a_request_that_was_on_its_way_when_an_idle_connection_was_told_to_go_is_answered() {
    let running = start_with("idle_timeout = \"500ms\"\n");
    let mut idle = Connection::open(running.gateway.address);
    idle.send(&headers(1, &get("/public/x"), true));
    assert_eq!(idle.outcome(1, PATIENCE).status, Some(200));
    wait_for("the farewell", || idle.next(Duration::from_millis(50)).unwrap().filter(|frame| frame.kind == 7));
    idle.send(&headers(3, &get("/public/y"), true));
    assert_status(&mut idle, 3, 200);
    assert!(idle.is_closed_within(PATIENCE), "it goes all the same");
}

#[test]
fn what_is_no_http2_ends_its_connection_and_is_counted_and_told() {
    let running = start_with("");
    let mut client = Connection::open(running.gateway.address);
    // DATA on a stream that was never opened (RFC 9113 §5.1).
    client.send(&frame(0, 0, 1, b"x"));
    assert!(client.outcome(1, PATIENCE).gone.is_some_and(|code| code != 0));
    wait_for("the count", || {
        (running.gateway.metric("doorward_connections_dropped_total", &["http2-protocol"]) == 1.0).then_some(())
    });
    let told = running.gateway.log.wait(PATIENCE, |line| line["reason"] == "http2-protocol");
    assert_eq!(told.unwrap()["client"], "127.0.0.1");
}

#[test]
fn a_stop_lets_streams_end() {
    let mut running = start();
    let gate = std::sync::Arc::new(crate::support::recorder::Gate::default());
    let held = std::sync::Arc::clone(&gate);
    running.upstream().answer(move |_| {
        use crate::support::recorder::{ANSWER, Step};
        vec![Step::Await(std::sync::Arc::clone(&held)), Step::Send(ANSWER.into())]
    });
    let mut client = Connection::open(running.gateway.address);
    client.send(&headers(1, &get("/public/x"), true));
    running.upstream().wait_until("the request", |request| request.line().contains("/public/x"));
    running.gateway.signal("TERM");
    wait_for("the farewell", || client.next(Duration::from_millis(50)).unwrap().filter(|frame| frame.kind == 7));
    gate.open();
    assert_status(&mut client, 1, 200);
    assert!(running.gateway.wait().success());
}

#[test]
fn a_head_that_does_not_end_is_not_waited_for_whatever_else_is_open() {
    const HEADERS: u8 = 1;
    let running = start_with("header_timeout = \"1s\"\nidle_timeout = \"1h\"\n");
    running.upstream().answer(|_| {
        let begun =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n";
        vec![Step::Send(begun.into()), Step::Echo]
    });
    let mut client = Connection::open(running.gateway.address);
    client.send(&headers(1, &get("/public/events"), true));
    wait_for("a stream", || (running.gateway.metric("doorward_requests_in_flight", &[]) > 0.0).then_some(()));
    // Whole heads in the meantime are no excuse.
    client.send(&headers(3, &get("/public/more"), true));
    client.send(&frame(HEADERS, 0, 5, &block(&get("/public/x"))));
    assert!(client.is_closed_within(PATIENCE));
    let dropped = || running.gateway.metric("doorward_connections_dropped_total", &["http2-head"]);
    wait_for("the count", || (dropped() == 1.0).then_some(()));
}
