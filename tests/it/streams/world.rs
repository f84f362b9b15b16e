//! A gateway with an application that keeps its answers open.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::raw::{Connection, Request};
use crate::support::recorder::Step;
use crate::support::setup::{Running, Setup};
use crate::support::users;
use crate::support::websocket::SWITCH;

/// Much more than the 100 ms that are promised: the machine may be busy.
pub const SOON: Duration = Duration::from_secs(3);

/// The fixture, where every answer is begun and not ended.
pub struct World {
    pub running: Running,
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup::new();
        change(&mut setup);
        let running = setup.start();
        running.upstream().answer(|request| {
            let asked = |path: &str| request.head.starts_with(format!("GET {path}").as_bytes());
            let (begun, rest) = match () {
                () if asked("/ws") => (SWITCH, Step::Echo),
                () if asked("/api/download") => (DOWNLOAD, Step::Flood(vec![0; 64 * 1024])),
                () => (EVENTS, Step::Echo),
            };
            vec![Step::Send(begun.into()), rest]
        });
        Self { running }
    }

    /// A token of a session of its own.
    pub fn token(&self, user: &str, sid: &str) -> String {
        self.running.token(&json!({ "claims_set": { "sub": user, "sid": sid } }))
    }

    /// Begins a request and waits until it counts as one that goes on.
    pub fn open(&self, request: Request) -> Connection {
        let before = self.streams();
        let mut connection = Connection::open(self.running.gateway.address);
        connection.send(&request.bytes());
        let head = connection.head().unwrap();
        assert!(head.starts_with(b"HTTP/1.1 101") || head.starts_with(b"HTTP/1.1 200"), "{}", head.escape_ascii());
        self.wait_for_streams(before + 1.0);
        connection
    }

    pub fn streams(&self) -> f64 {
        self.running.gateway.metric("doorward_streams", &[])
    }

    pub fn wait_for_streams(&self, count: f64) {
        let log = || self.running.gateway.log.text();
        assert!(self.comes_to(count), "{} streams instead of {count}\n{}", self.streams(), log());
    }

    fn comes_to(&self, count: f64) -> bool {
        let began = Instant::now();
        while (self.streams() - count).abs() > 0.1 {
            if began.elapsed() >= SOON {
                return false;
            }
        }
        true
    }

    /// Ends a session, as another node would write it.
    pub fn end_session(&self, sid: &str) {
        let issuer = self.running.setup.issuer.url();
        self.execute(&format!("insert into change (issuer, kind, key) values ('{issuer}', 'session', '{sid}')"));
    }

    pub fn execute(&self, statement: &str) {
        users::execute(&self.running.setup.database(), statement);
    }

    /// The line of the request with this path, once it is written.
    pub fn line_of(&self, path: &str) -> Value {
        let fits = |line: &Value| line["path"] == path && line["message"] == "request";
        self.running.gateway.log.wait(SOON, fits).unwrap_or_else(|| panic!("no line of {path}"))
    }
}

const DOWNLOAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n";
const EVENTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n\
                      8\r\ndata: 1\n\r\n";
