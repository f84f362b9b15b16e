//! Clients that take more than they give.

use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Script;
use crate::support::gateway::doorward;
use crate::support::house::House;
use crate::support::log::{Log, field};
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request};
use crate::support::setup::{Running, Setup};
use crate::support::tls::Pair;

pub const SCRIPTS: &[(&str, Script)] = &[
    ("DOS-001", |_| heads_that_drip()),
    ("DOS-002", |_| connections_that_say_nothing(0, b"")),
    ("DOS-005", |_| connections_that_say_nothing(1, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")),
    ("DOS-006", |_| more_clients_than_files()),
    ("DOS-009", |_| one(Request::get("/api/echo").with("Cookie", "__Host-doorward_chunks=99999999"), &[401], 20)),
    ("DOS-012", |_| log_in(|request| request.body("[".repeat(60_000)), &[400, 413])),
    ("DOS-013", |_| {
        log_in(|request| request.with("Content-Encoding", "gzip").body(vec![0x1f; 4096]), &[400, 413, 415])
    }),
    ("DOS-014", |_| one(Request::get(&format!("/api/echo?{}", "a=1&".repeat(100_000))), &[414, 400, 200, 431], 20)),
    ("DOS-015", |_| tokens_without_end()),
    ("DOS-019", |_| one(Request::get(&format!("/api/{}!", "a".repeat(8000))), &[401], 5)),
    ("DOS-020", |_| passwords_in_parallel()),
    ("DOS-023", |_| a_log_that_nobody_reads()),
];

fn with(server: &str) -> Running {
    let mut setup = Setup::new();
    setup.config.server += server;
    setup.start()
}

/// The answer to one request, which takes no longer than that at least once.
fn one(request: Request, statuses: &[u16], milliseconds: u64) {
    let running = Running::new();
    running.gateway.send(Request::get("/public/warm"));
    // What is refused is refused before all of it is there.
    let mut bytes = request.bytes();
    bytes.truncate(64 * 1024);
    let times: Vec<Duration> = (0..10)
        .map(|_| {
            let began = Instant::now();
            let mut connection = Connection::open(running.gateway.address);
            connection.send(&bytes);
            let answer = connection.response().unwrap();
            assert!(statuses.contains(&answer.status), "{}", answer.shown());
            began.elapsed()
        })
        .collect();
    assert!(times.iter().any(|time| *time <= Duration::from_millis(milliseconds)), "{times:?}");
    assert!(running.upstream().since(0).iter().all(|request| request.line().contains("/public/warm")));
}

fn log_in(change: impl Fn(Request) -> Request, statuses: &[u16]) {
    let house = House::start();
    let before = house.gateway.memory();
    let request = change(Request::new("POST", "/auth/login").with("Content-Type", "application/json"));
    let answer = house.gateway.send(request);
    assert!(statuses.contains(&answer.status), "{}", answer.shown());
    assert!(house.gateway.memory().saturating_sub(before) < 8 * 1024);
}

/// A byte now and then, from many: each is told 408 by the deadline, and others are served meanwhile.
fn heads_that_drip() {
    let running = with("header_timeout = \"2s\"\n");
    let mut dripping: Vec<Connection> = (0..200).map(|_| Connection::open(running.gateway.address)).collect();
    let began = Instant::now();
    for connection in &mut dripping {
        connection.send(b"GET /public/x HTTP/1.1\r\nHost: gw.test\r\nX: ");
    }
    while began.elapsed() < Duration::from_millis(1500) {
        for connection in &mut dripping {
            connection.send(b"x");
        }
        assert_eq!(running.gateway.send(Request::get("/public/y")).status, 200);
        std::thread::sleep(Duration::from_millis(100));
    }
    for connection in &mut dripping {
        assert_eq!(connection.response().unwrap().status, 408);
    }
    assert!(began.elapsed() < Duration::from_secs(10));
}

/// Many of them, on the plain listener (0) or that of TLS (1): closed, and others are served.
fn connections_that_say_nothing(listener: usize, first: &[u8]) {
    let mut setup = Setup::new();
    let pair = Pair::write(setup.directory(), "own", "own-ec", "gw.test");
    setup.config.server += &format!("[server.tls]\nlisten = \"127.0.0.1:0\"\n{}", pair.settings());
    let running = setup.start();
    let address = [running.gateway.address, running.gateway.tls.unwrap()][listener];
    let began = Instant::now();
    let mut silent: Vec<Connection> = (0..500).map(|_| Connection::open(address)).collect();
    for connection in &mut silent {
        connection.send(first);
    }
    assert_eq!(running.gateway.send(Request::get("/public/x")).status, 200);
    for connection in &mut silent {
        assert!(connection.is_closed_within(Duration::from_secs(13).saturating_sub(began.elapsed())));
    }
    wait_for("their places", || (running.gateway.metric("doorward_connections", &[]) < 5.0).then_some(()));
}

/// With fewer files than clients, who has come is served, and so is who comes when others have gone.
fn more_clients_than_files() {
    let setup = Setup::new();
    let config = setup.write();
    let command = doorward(["run".as_ref(), "--config".as_ref(), config.as_os_str()]);
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    let mut child = limited.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let log = Log::follow(child.stderr.take().unwrap());
    let ready = log.wait(PATIENCE, |line| field(line, "message") == Some("ready")).unwrap();
    let address = field(&ready, "listen").unwrap().parse().unwrap();

    let mut first = Connection::open(address);
    let mut is_served = || {
        first.send(&Request::get("/public/x").bytes());
        first.response().is_ok_and(|answer| answer.status == 200)
    };
    assert!(is_served());
    let crowd: Vec<TcpStream> = (0..600).filter_map(|_| TcpStream::connect(address).ok()).collect();
    assert!(is_served(), "who was there is served no more");
    drop(crowd);
    let began = Instant::now();
    wait_for("the next client", || {
        Request::get("/public/y").try_send(address).ok().filter(|answer| answer.status == 200)
    });
    assert!(began.elapsed() < Duration::from_secs(8), "it took {:?} to recover", began.elapsed());
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Well-formed tokens with wrong signatures: no memory stays with them.
fn tokens_without_end() {
    let running = Running::new();
    let token = running.new_token("alice");
    let (body, _) = token.rsplit_once('.').unwrap();
    let mut connection = Connection::open(running.gateway.address);
    let mut ask = |number: u32| {
        let signature = crate::support::keys::base64url([&number.to_be_bytes()[..], &[7; 252]].concat());
        connection.send(&Request::get("/api/x").bearer(&format!("{body}.{signature}")).bytes());
        assert_eq!(connection.response().unwrap().status, 401);
    };
    (0..500).for_each(&mut ask);
    let before = running.gateway.memory();
    (500..4000).for_each(&mut ask);
    let grown = running.gateway.memory().saturating_sub(before);
    assert!(grown < 4 * 1024, "memory grew by {grown} KiB");
}

/// At most as many as may be tried reach Keycloak, however many come at once.
fn passwords_in_parallel() {
    let house = House::build(|plan| plan.auth = String::new());
    let body = json!({ "username": "alice", "password": "guess" });
    let guesses = (0..100).map(|_| Request::new("POST", "/auth/login").json(&body)).collect();
    let answers = house.together(guesses);
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
    let asked = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(asked <= 10, "{asked} guesses were answered");
}

/// Requests go on, and the lines that were lost are counted.
fn a_log_that_nobody_reads() {
    let mut setup = Setup::new();
    let (address, admin) = (crate::support::gateway::free_address(), crate::support::gateway::free_address());
    setup.config.server = format!("listen = \"{address}\"\nadmin_listen = \"{admin}\"\n");
    let config = setup.write();
    let mut child = doorward(["run".as_ref(), "--config".as_ref(), config.as_os_str()])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("the gateway", || TcpStream::connect(address).ok());
    let line = Request::get(&format!("/public/{}", "x".repeat(4000)));
    let mut connection = Connection::open(address);
    let lost = || {
        let text = String::from_utf8(Request::get("/metrics").send(admin).body).unwrap();
        text.lines().any(|line| line.starts_with("doorward_log_lines_dropped ") && !line.ends_with(" 0"))
    };
    let began = Instant::now();
    while !lost() {
        for _ in 0..200 {
            connection.send(&line.bytes());
            assert_eq!(connection.response().unwrap().status, 200, "a request waits for the log");
        }
        assert!(began.elapsed() < Duration::from_secs(60), "nothing is lost, yet nobody reads");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
