//! Applications that fail: who is passed over, what is sent again, and what the client is told.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::patience::wait_for;
use crate::support::raw::{Connection, Request, Response};
use crate::support::recorder::{ANSWER, Recorder, Step};
use crate::support::setup::{Running, Setup};

const ROUTE: &str = "[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\n";

fn with_servers(servers: &[String], more: &str) -> Running {
    let mut setup = Setup::with_routes(&format!("{ROUTE}{more}"));
    setup.config.upstreams = format!("[[upstream]]\nname = \"app\"\nservers = {servers:?}\n");
    setup.start()
}

fn get(running: &Running) -> Response {
    running.gateway.send(Request::get("/x"))
}

/// Whether the gateway sends requests to a server.
fn is_up(running: &Running, server: &str) -> bool {
    running.gateway.metric("doorward_upstream_server_up", &[server.trim_start_matches("http://")]) == 1.0
}

/// Closes every connection instead of answering, and takes no new one.
fn kill(server: Recorder) {
    server.answer(|_| vec![Step::Close]);
}

#[test]
fn one_of_three_servers_that_dies_costs_no_read() {
    let [one, other, third] = [0; 3].map(|_| Recorder::start());
    let url = one.url();
    let running = with_servers(&[one.url(), other.url(), third.url()], "");
    let all_pass = || (0..60).all(|_| get(&running).status == 200);
    assert!(all_pass());
    kill(one);
    assert!(all_pass());
    assert!(!is_up(&running, &url) && is_up(&running, &other.url()) && is_up(&running, &third.url()));
    assert!(running.gateway.metric("doorward_upstream_retries_total", &["sent"]) >= 1.0);
}

#[test]
fn when_all_servers_are_away_clients_are_told_at_once_and_one_finds_out() {
    let (one, other) = (Recorder::start(), Recorder::start());
    let (address, urls) = (one.address, [one.url(), other.url()]);
    let running = with_servers(&urls, "");
    assert_eq!(get(&running).status, 200);
    kill(one);
    kill(other);
    let away = wait_for("503", || Some(get(&running)).filter(|answer| answer.status == 503));
    assert_eq!((away.value("Retry-After").as_str(), &away.json()["type"]), ("2", &"/problems/upstream-down".into()));
    assert!(urls.iter().all(|url| !is_up(&running, url)));
    assert_eq!(running.gateway.operations("/readyz").status, 200, "the gateway itself is well");
    let back = Recorder::start_at(address);
    wait_for("the server that is back", || (get(&running).status == 200).then_some(()));
    assert!((0..10).all(|_| get(&running).status == 200));
    assert!(back.count() >= 10 && is_up(&running, &urls[0]));
}

/// What a stopped process looks like: the system takes the connection, and nobody reads.
#[test]
fn a_server_that_hangs_is_504_however_often() {
    let stopped = TcpListener::bind("127.0.0.1:0").unwrap();
    let running = with_servers(&[format!("http://{}", stopped.local_addr().unwrap())], "timeout = \"200ms\"\n");
    let statuses = [0; 8].map(|_| get(&running).status);
    assert_eq!(statuses, [504; 8], "the only server was taken away by requests that it did not answer");
}

#[test]
fn one_of_two_servers_that_hangs_is_passed_over() {
    let (stopped, good) = (TcpListener::bind("127.0.0.1:0").unwrap(), Recorder::start());
    let url = format!("http://{}", stopped.local_addr().unwrap());
    let running = with_servers(&[url.clone(), good.url()], "timeout = \"300ms\"\n");
    wait_for("the end of patience", || {
        let status = get(&running).status;
        assert!([200, 504].contains(&status), "{status}");
        (!is_up(&running, &url)).then_some(())
    });
    let failed = (0..20).filter(|_| get(&running).status != 200).count();
    assert!(failed <= 2, "{failed} of 20 requests went to the server that hangs");
}

#[test]
fn who_does_not_end_a_request_takes_no_server_away() {
    let servers = [0; 2].map(|_| Recorder::start());
    servers.iter().for_each(|server| server.answer(|_| vec![Step::Await(Arc::default())]));
    let urls = servers.each_ref().map(Recorder::url);
    let running = with_servers(&urls, "timeout = \"300ms\"\n");
    let begun = "POST /x HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 10\r\n\r\nhalf";
    let mut clients = [0; 16].map(|_| Connection::open(running.gateway.address));
    clients.iter_mut().for_each(|client| client.send(begun.as_bytes()));
    assert_eq!(clients.each_mut().map(|client| client.response().unwrap().status), [504; 16]);
    assert!(urls.iter().all(|url| is_up(&running, url)));
}

#[test]
fn an_application_that_hangs_holds_no_more_requests_than_may_wait_and_takes_nobody_with_it() {
    let (stopped, good) = (TcpListener::bind("127.0.0.1:0").unwrap(), Recorder::start());
    let other = "timeout = \"20s\"\n[[route]]\npath = \"/good\"\nupstream = \"good\"\naccess = \"public\"\n";
    let mut setup = Setup::with_routes(&format!("{ROUTE}{other}"));
    setup.config.upstreams = format!(
        "[[upstream]]\nname = \"app\"\nservers = [\"http://{}\"]\nmax_waiting = 2\n\
         [[upstream]]\nname = \"good\"\nservers = [{:?}]\n",
        stopped.local_addr().unwrap(),
        good.url()
    );
    let running = setup.start();
    let mut waiting = [0; 2].map(|_| Connection::open(running.gateway.address));
    waiting.iter_mut().for_each(|client| client.send(&Request::get("/x").bytes()));
    // Both have connected, and nobody answers them.
    let connected = [0; 2].map(|_| stopped.accept().unwrap());
    let full = get(&running);
    assert_eq!((full.status, full.value("Retry-After").as_str()), (503, "2"), "{}", full.shown());
    assert_eq!(full.json()["type"], "/problems/upstream-full");
    assert_eq!(running.gateway.send(Request::get("/good")).status, 200);
    drop((waiting, connected));
}

#[test]
fn a_read_is_sent_once_more_where_a_new_connection_breaks() {
    let server = Recorder::start();
    let seen = AtomicUsize::new(0);
    server.answer(move |_| match seen.fetch_add(1, Ordering::SeqCst) {
        0 => vec![Step::Close],
        _ => vec![Step::Send(ANSWER.into())],
    });
    let running = with_servers(&[server.url()], "");
    assert_eq!(get(&running).status, 200);
    assert_eq!(server.count(), 2);
}

#[test]
fn what_always_breaks_is_tried_twice_to_read_and_once_to_write() {
    let server = Recorder::start();
    server.answer(|_| vec![Step::Close]);
    let running = with_servers(&[server.url()], "");
    assert_eq!((get(&running).status, server.count()), (502, 2));
    for (method, count) in [("POST", 3), ("PUT", 4), ("DELETE", 5)] {
        let answer = running.gateway.send(Request::new(method, "/x").body("once"));
        assert_eq!((answer.status, server.count()), (502, count), "{method}");
    }
}

#[test]
fn an_answer_that_can_be_read_in_two_ways_is_502_and_its_connection_is_not_used_again() {
    let doubtful = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
        "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok",
        "HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ];
    for text in doubtful {
        let server = Recorder::start();
        server.answer_raw(text);
        let running = with_servers(&[server.url()], "");
        let answer = get(&running);
        assert_eq!(answer.status, 502, "{text:?}: {}", answer.shown());
        server.answer_raw(ANSWER);
        assert_eq!(get(&running).status, 200);
        assert_eq!(server.connections(), 2, "{text:?}");
    }
}

#[test]
fn bytes_behind_an_answer_are_nobodys_answer() {
    let server = Recorder::start();
    server.answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    let running = with_servers(&[server.url()], "");
    for _ in 0..5 {
        let answer = get(&running);
        assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
    }
    assert_eq!(server.connections(), 5);
}

#[test]
fn every_address_of_a_name_is_a_server() {
    let server = Recorder::start();
    let running = with_servers(&[format!("http://localhost:{}", server.address.port())], "");
    // Where the name has an address that nobody listens on, the next one is taken.
    assert!((0..10).all(|_| get(&running).status == 200));
    assert_eq!(server.count(), 10);
}
