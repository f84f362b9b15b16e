//! Which server gets a request, and what becomes of one that none can answer.

use crate::support::gateway::free_address;
use crate::support::raw::Request;
use crate::support::recorder::{Recorder, Step};
use crate::support::setup::{Running, Setup};

fn with_servers(servers: &[String], more: &str) -> Running {
    let routes = format!("[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\n{more}");
    let mut setup = Setup::with_routes(&routes);
    setup.config.upstreams = format!("[[upstream]]\nname = \"app\"\nservers = {servers:?}\n");
    setup.start()
}

#[test]
fn servers_take_turns() {
    let (one, other) = (Recorder::start(), Recorder::start());
    let running = with_servers(&[one.url(), other.url()], "");
    for _ in 0..10 {
        assert_eq!(running.gateway.send(Request::get("/x")).status, 200);
    }
    assert_eq!((one.count(), other.count()), (5, 5));
}

#[test]
fn a_server_that_refuses_connections_is_passed_over() {
    let good = Recorder::start();
    let running = with_servers(&[format!("http://{}", free_address()), good.url()], "");
    for _ in 0..10 {
        assert_eq!(running.gateway.send(Request::get("/x")).status, 200);
    }
    assert_eq!(good.count(), 10);
}

#[test]
fn where_every_server_refuses_it_is_502() {
    let running = with_servers(&[format!("http://{}", free_address())], "");
    let answer = running.gateway.send(Request::get("/x"));
    assert_eq!(answer.status, 502, "{}", answer.shown());
    assert_eq!(answer.value("Content-Type"), "application/problem+json");
}

#[test]
fn a_server_that_says_nothing_is_504() {
    let silent = Recorder::start();
    silent.answer(|_| vec![Step::Await(Default::default())]);
    let running = with_servers(&[silent.url()], "timeout = \"1s\"\n");
    let answer = running.gateway.send(Request::get("/x"));
    assert_eq!(answer.status, 504, "{}", answer.shown());
    assert_eq!(silent.count(), 1, "a request that may have had an effect was sent twice");
}

#[test]
fn a_server_that_goes_away_in_the_middle_of_its_head_is_502() {
    let broken = Recorder::start();
    broken.answer(|_| vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-".to_vec()), Step::Close]);
    let running = with_servers(&[broken.url()], "");
    assert_eq!(running.gateway.send(Request::new("POST", "/x").body("once")).status, 502);
    assert_eq!(broken.count(), 1, "a POST was sent twice");
}

#[test]
fn an_answer_of_the_upstream_passes_as_it_is() {
    let upstream = Recorder::start();
    upstream.answer_raw("HTTP/1.1 418 I'm a teapot\r\nX-Pot: a\r\nX-Pot: b\r\nContent-Length: 3\r\n\r\nhot");
    let running = with_servers(&[upstream.url()], "");
    let answer = running.gateway.send(Request::get("/x"));
    assert_eq!(
        (answer.status, answer.values("X-Pot"), &answer.body[..]),
        (418, vec!["a".into(), "b".into()], &b"hot"[..])
    );
}

#[test]
fn a_kept_connection_that_the_server_closed_costs_no_request() {
    let server = Recorder::start();
    let seen = std::sync::atomic::AtomicUsize::new(0);
    server.answer(move |_| {
        // The first request of a connection is answered, the second finds it closed.
        match seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            1 => vec![Step::Close],
            _ => vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec())],
        }
    });
    let running = with_servers(&[server.url()], "");
    for _ in 0..3 {
        assert_eq!(running.gateway.send(Request::get("/x")).status, 200);
    }
}

#[test]
fn a_request_sent_again_counts_its_body_once() {
    let server = Recorder::start();
    let seen = std::sync::atomic::AtomicUsize::new(0);
    server.answer(move |_| match seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        1 => vec![Step::Close],
        _ => vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec())],
    });
    let running = with_servers(&[server.url()], "max_body = 1000\n");
    for _ in 0..3 {
        assert_eq!(running.gateway.send(Request::new("PUT", "/x").body(vec![b'x'; 600])).status, 200);
    }
}

#[test]
fn an_upstream_cannot_plant_the_cookies_of_the_gateway() {
    let server = Recorder::start();
    server.answer_raw(
        &b"HTTP/1.1 200 OK\r\nSet-Cookie: __Host-doorward=evil; Path=/; Secure\r\nSet-Cookie: =__Host-doorward=evil\r\nSet-Cookie: app=1\r\nContent-Length: 0\r\n\r\n"[..],
    );
    let running = with_servers(&[server.url()], "");
    let request = Request::get("/x").with("Cookie", "__Host-doorward=secret; app=1");
    assert_eq!(running.gateway.send(request).values("Set-Cookie"), ["app=1"]);
    assert_eq!(server.only(0).values("Cookie"), ["app=1"]);
}

#[test]
fn hints_before_an_answer_that_never_comes_end_in_502() {
    let server = Recorder::start();
    server.answer(|_| vec![Step::Send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec()), Step::Close]);
    let running = with_servers(&[server.url()], "");
    assert_eq!(running.gateway.send(Request::new("POST", "/x").body("once")).status, 502);
}
