//! Servers that do not take a connection in the time of `connect_timeout`.

use std::iter;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

use crate::support::house::kind;
use crate::support::log::field;
use crate::support::patience::PATIENCE;
use crate::support::raw::Request;
use crate::support::recorder::Recorder;
use crate::support::setup::{Running, Setup};
use crate::support::websocket::upgrade;

/// An address where so many wait to be accepted already that the system answers no further connection.
struct Crowd {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Crowd {
    fn gather() -> Self {
        let listen = async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
            socket.listen(1).unwrap().into_std().unwrap()
        };
        let listener = Runtime::new().unwrap().block_on(listen);
        let address = listener.local_addr().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok();
        let waiting: Vec<_> = iter::from_fn(connect).take(MOST).collect();
        assert!(waiting.len() < MOST, "this system takes connections without end");
        Self { address, _listener: listener, _waiting: waiting }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

const MOST: usize = 64;

fn start(servers: &[String], keys: &str) -> Running {
    let mut setup =
        Setup::with_routes("[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\nwebsocket = true\n");
    setup.config.upstreams = format!("[[upstream]]\nname = \"app\"\nservers = {servers:?}\n{keys}");
    setup.start()
}

/// A request for which `connect_timeout` is over long before the route's own `timeout`.
fn assert_too_slow(running: &Running, request: Request) {
    let answer = running.gateway.send(request);
    assert_eq!((answer.status, kind(&answer).as_str()), (504, "upstream-timeout"), "{}", answer.shown());
    let told = running.gateway.log.wait(PATIENCE, |line| field(line, "cause") == Some("timed-out"));
    assert!(told.is_some(), "no server is passed over: {}", running.gateway.log.text());
}

#[test]
fn a_connection_that_is_not_taken_within_connect_timeout_is_504() {
    let crowd = Crowd::gather();
    // More than the default, so that the time tells whether the setting was heeded.
    let running = start(&[crowd.url()], "connect_timeout = \"3s\"\n");
    let began = Instant::now();
    assert_too_slow(&running, Request::get("/x"));
    assert!(began.elapsed() > Duration::from_millis(2500), "it gave up after {:?}", began.elapsed());
}

#[test]
fn a_handshake_that_nobody_answers_within_connect_timeout_is_504() {
    // The system takes the connection, and nobody reads.
    let stopped = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", stopped.local_addr().unwrap());
    assert_too_slow(&start(&[url], "connect_timeout = \"300ms\"\n"), Request::get("/x"));
}

#[test]
fn a_websocket_waits_no_longer_for_its_connection_than_a_request() {
    let crowd = Crowd::gather();
    assert_too_slow(&start(&[crowd.url()], "connect_timeout = \"300ms\"\n"), upgrade("/feed"));
}

#[test]
fn a_server_that_does_not_take_a_connection_in_time_is_passed_over() {
    let (crowd, good) = (Crowd::gather(), Recorder::start());
    let running = start(&[crowd.url(), good.url()], "connect_timeout = \"300ms\"\n");
    let answer = running.gateway.send(Request::new("POST", "/x").body("once"));
    assert_eq!(answer.status, 200, "nothing was sent to the first server, so that the next may have it");
    assert_eq!(good.only(0).body, b"once");
    let is_up = |address: SocketAddr| running.gateway.metric("doorward_upstream_server_up", &[&address.to_string()]);
    assert_eq!((is_up(crowd.address), is_up(good.address)), (0.0, 1.0));
}
