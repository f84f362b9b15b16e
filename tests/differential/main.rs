//! Sends requests of a generator to the gateway, byte by byte, in HTTP/1.1 and HTTP/2, and shows what it forwarded to nginx, Node and Go:
//! `cargo test --test differential`. None may see another number of requests, method, path, host, body or identity
//! than the gateway judged and logged.
//!
//! `REQUESTS=100000` says how many are sent, `SEED=7` makes the same ones again. The exit code is 1 where a server saw
//! something else; what was on the wire is printed then.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "test code"
)]

mod dice;
mod message;
mod servers;
mod stream;
#[allow(dead_code, reason = "shared by several test binaries")]
#[path = "../support/mod.rs"]
mod support;
mod tricks;
mod verdict;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use message::{Author, Conversation, Turn};
use servers::Server;
use stream::Stream;
use support::h2::{self, DATA, END_STREAM, frame, headers};
use support::patience::wait_for;
use support::raw::{Connection, Request};
use support::recorder::Recorded;
use support::setup::{ROUTES, Running, Setup};
use verdict::{Identities, Judged, faults};

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let number = |name: &str, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().expect(name));
    let (wanted, seed): (u64, u64) = (number("REQUESTS", 5_000), number("SEED", 1));
    println!("{wanted} requests, SEED={seed}");
    let campaign = Campaign::start();
    let tokens: Vec<String> = ["alice", "bob", "carol", "norole"].map(|name| campaign.running.new_token(name)).into();
    let mut author = Author::new(seed, &tokens);
    let (mut sent, mut forwarded, mut wrong) = (0, 0, 0);
    while sent < wanted && wrong < MOST_SHOWN {
        let mut batch = VecDeque::new();
        batch.extend((0..BATCH).map(|_| author.conversation()));
        let (said, came, faults) = campaign.run(batch);
        sent += said;
        forwarded += came;
        wrong += faults;
    }
    campaign.print_reasons();
    println!("sent {sent}, forwarded {forwarded}, seen otherwise {wrong}");
    // A generator whose requests are all refused shows nothing.
    if wrong > 0 || forwarded * 4 < sent { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A gateway, and who reads after it.
struct Campaign {
    running: Running,
    servers: Vec<Server>,
    identities: Identities,
    /// What servers refused, which is no misunderstanding.
    refused: RefCell<BTreeMap<String, u64>>,
}

impl Campaign {
    fn start() -> Self {
        let routes = ROUTES.replace("methods = [\"GET\"]\nupstream = \"app\"\naccess", "upstream = \"app\"\naccess");
        let mut setup = Setup::with_routes(&format!("{routes}{MORE_ROUTES}"));
        setup.config.server.push_str("h2c = true\nheader_timeout = \"2s\"\nidle_timeout = \"5s\"\n");
        let servers = Server::start_all(setup.directory());
        servers.iter().for_each(assert_it_notices);
        let running = setup.start();
        let mut campaign = Self { running, servers, identities: Identities::new(), refused: RefCell::default() };
        campaign.learn_identities();
        campaign
    }

    /// What the gateway says of people in requests without a trick.
    fn learn_identities(&mut self) {
        for name in ["alice", "bob", "norole"] {
            let token = self.running.new_token(name);
            let before = self.running.upstream().count();
            self.running.gateway.send(Request::get("/api/who").bearer(&token));
            let sent = self.running.upstream().only(before);
            let identity = IDENTITY.map(|field| format!("{field}={}", sent.value(field)));
            let mut identity: Vec<String> = identity.into_iter().filter(|entry| !entry.ends_with('=')).collect();
            identity.sort();
            assert!(identity.iter().any(|entry| *entry == format!("x-auth-subject={name}")), "{identity:?}");
            self.identities.insert(name.to_owned(), identity);
        }
    }

    /// How many requests were sent and forwarded, and how often a server saw something else.
    fn run(&self, batch: VecDeque<Conversation>) -> (u64, u64, u64) {
        let (first, line) = (self.running.upstream().count(), self.running.gateway.log.count());
        let address = self.running.gateway.address;
        let (queue, said) = (Mutex::new(batch), AtomicU64::new(0));
        let next = || queue.lock().unwrap().pop_front();
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    while let Some(conversation) = next() {
                        said.fetch_add(say(address, &conversation), Ordering::SeqCst);
                    }
                });
            }
        });
        let recorded = self.running.upstream().since(first);
        let judged = self.judged(line, &recorded);
        let mut connections: HashMap<usize, Vec<Recorded>> = HashMap::new();
        let forwarded = recorded.len() as u64;
        for request in recorded {
            connections.entry(request.connection).or_default().push(request);
        }
        let mut wrong = 0;
        for requests in connections.values() {
            wrong += self.servers.iter().filter(|server| !self.agrees(server, requests, &judged)).count() as u64;
        }
        (said.into_inner(), forwarded, wrong)
    }

    /// Whether a server sees in a connection what the gateway judged. What it refuses ends its connection, as it must;
    /// the requests behind go to it on a new one.
    fn agrees(&self, server: &Server, mut requests: &[Recorded], judged: &HashMap<String, Judged>) -> bool {
        while !requests.is_empty() {
            // The gateway waits for the answer to a handshake; Node drops what comes behind one in the same packet.
            let handshake = requests.iter().position(|request| !request.values("upgrade").is_empty());
            let sent = &requests[..handshake.map_or(requests.len(), |at| at + 1)];
            let stream: Vec<u8> = sent.iter().flat_map(Recorded::bytes).collect();
            let whole = handshake.is_none() && sent.iter().all(|request| request.complete);
            let reading = server.read(&stream, whole);
            let refused = reading.refused.is_some() && reading.seen.len() < sent.len();
            let met = if refused { &sent[..reading.seen.len()] } else { sent };
            if let Some(fault) = faults(met, &reading, whole, judged, &self.identities) {
                println!("{}: {fault}\n  on the wire: {}\n", server.name, stream.escape_ascii());
                return false;
            }
            if refused {
                *self
                    .refused
                    .borrow_mut()
                    .entry(format!("{}: {}", server.name, reading.refused.unwrap()))
                    .or_default() += 1;
            }
            requests = &requests[if refused { met.len() + 1 } else { met.len() }..];
        }
        true
    }

    /// How often the gateway gave which answer for which reason.
    fn print_reasons(&self) {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for line in self.running.gateway.log.since(0).split(|byte| *byte == b'\n') {
            if let Ok(line) = serde_json::from_slice::<serde_json::Value>(line) {
                *counts.entry(format!("{} {}", line["status"], line["reason"])).or_default() += 1;
            }
        }
        println!("answers: {counts:?}\nrefused behind it: {:?}", self.refused.borrow());
    }

    /// The log lines of the forwarded requests, once they are all there.
    fn judged(&self, line: usize, recorded: &[Recorded]) -> HashMap<String, Judged> {
        wait_for("the log lines of what was forwarded", || {
            let log = self.running.gateway.log.since(line);
            let judged: HashMap<String, Judged> = log.split(|byte| *byte == b'\n').filter_map(Judged::of).collect();
            let has_line = |request: &Recorded| request.values("x-request-id").iter().all(|id| judged.contains_key(id));
            recorded.iter().all(has_line).then_some(judged)
        })
    }
}

/// Shows that a request which hides in a body would be seen.
fn assert_it_notices(server: &Server) {
    let hidden = b"GET /admin HTTP/1.1\r\nHost: a\r\nX-Request-Id: b\r\n\r\n";
    let head = b"POST /a HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\r\nContent-Length: 0\r\n\r\n".to_vec();
    let line =
        r#"{"target":"doorward::request","upstream":"app","request_id":"a","method":"POST","path":"/a","host":"a"}"#;
    let judged = HashMap::from_iter(Judged::of(line.as_bytes()));
    let mut smuggled = Recorded { head, body: vec![], complete: true, ..Recorded::default() };
    for (body, misread) in [(&b""[..], false), (hidden, true)] {
        smuggled.body = body.to_vec();
        let reading = server.read(&smuggled.bytes(), true);
        let fault = faults(std::slice::from_ref(&smuggled), &reading, true, &judged, &Identities::new());
        assert_eq!(fault.is_some(), misread, "{}: {fault:?}", server.name);
    }
}

/// Says it all, and reads until the gateway has had enough; how many requests were said until then.
fn say(address: SocketAddr, conversation: &Conversation) -> u64 {
    match conversation {
        Conversation::Http1(requests) => say_in_turn(address, requests),
        Conversation::Http2(streams) => say_on_streams(address, streams),
    }
}

fn say_on_streams(address: SocketAddr, streams: &[Stream]) -> u64 {
    let mut connection = h2::Connection::open(address);
    for ((stream, id), said) in streams.iter().zip((1..).step_by(2)).zip(1..) {
        connection.send(&headers(id, &stream.fields, stream.body.is_empty()));
        if !stream.body.is_empty() {
            connection.send(&frame(DATA, END_STREAM, id, &stream.body));
        }
        let outcome = connection.outcome(id, THINKING);
        if outcome.closed || outcome.gone.is_some() {
            return said;
        }
    }
    streams.len() as u64
}

fn say_in_turn(address: SocketAddr, requests: &[Turn]) -> u64 {
    let mut connection = Connection::open(address);
    connection.patience(THINKING);
    for (turn, said) in requests.iter().zip(1..) {
        for piece in &turn.pieces {
            connection.send(piece);
        }
        connection.head_only = turn.pieces[0].starts_with(b"HEAD ");
        let ended = |error: io::Error| !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        if turn.waits && connection.response().is_err_and(ended) {
            return said;
        }
    }
    if !connection.is_closed_within(THINKING) {
        connection.finish();
        connection.is_closed_within(Duration::from_secs(20));
    }
    requests.len() as u64
}

const MORE_ROUTES: &str = r#"
[[route]]
path = "/files/*"
upstream = "app"
access = "public"
encoded_slash = true

[[route]]
path = "/cut/*"
upstream = "app"
strip_prefix = "/cut"
"#;

const IDENTITY: [&str; 6] =
    ["x-auth-email", "x-auth-permissions", "x-auth-roles", "x-auth-subject", "x-auth-user-id", "x-auth-username"];

const CLIENTS: usize = 24;
const BATCH: usize = 400;
const MOST_SHOWN: u64 = 5;
/// Longer than most answers take; what comes later is read with what follows, and a conversation that ends in the middle
/// of a body is cut off then.
const THINKING: Duration = Duration::from_millis(300);
