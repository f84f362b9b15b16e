//! Reloads with changes of every kind, while requests run: none is lost, and none is judged by two files.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::reload;
use crate::support::h2::{self, WINDOW_UPDATE, frame, get, headers};
use crate::support::issuer::Issuer;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request, Response};
use crate::support::recorder::{Recorded, Recorder};
use crate::support::setup::{Setup, write_secret};
use crate::support::tls::{Client, Pair};

/// In the one file `/mix` is open to everybody, in the other to admins; upstream, trust, issuers, limits, certificates and
/// endpoints differ with it. What each upstream sees and each client is answered belongs to one file.
#[test]
fn no_request_is_lost_or_judged_by_two_files() {
    let (open, closed) = (Recorder::start(), Recorder::start());
    open.answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nopen");
    closed.answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nclosed");
    let mut setup = Setup::new();
    let others = Others {
        open: &open,
        closed: &closed,
        certificates: ["own", "other"]
            .map(|name| Pair::write(setup.directory(), name, &format!("{name}-ec"), "gw.test")),
        issuer: Issuer::start(),
    };
    others.set(&mut setup, 0);
    let mut running = setup.start();
    let (admin, user) = (running.new_token("bob"), running.new_token("alice"));
    let mix = || Request::get("/mix/x").with("X-Forwarded-For", "192.0.2.7");
    let requests = [
        (mix(), is_anonymous as fn(&Response) -> bool),
        (mix().bearer(&admin), is_admin),
        (Request::get("/api/x").bearer(&user), |answer| answer.status == 200),
        (Request::get("/auth/openapi.json"), |answer| [200, 404].contains(&answer.status)),
    ];
    let (stop, sent, address) = (AtomicBool::new(false), AtomicUsize::new(0), running.gateway.address);
    thread::scope(|scope| {
        for (request, is_right) in &requests {
            let (stop, sent) = (&stop, &sent);
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                while !stop.load(Ordering::SeqCst) {
                    connection.send(&request.bytes());
                    let answer = connection.response().expect("a request was lost");
                    assert!(is_right(&answer), "{}", answer.shown());
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let (tls, stop, sent) = (running.gateway.tls.unwrap(), &stop, &sent);
        scope.spawn(move || ask_over_tls(tls, &mix(), stop, sent));
        scope.spawn(move || ask_over_http2(tls, stop, sent));
        let stopping = StopOnDrop(stop);
        let mut memory = 0;
        for round in 1..=rounds() {
            if round == 10 {
                memory = running.gateway.memory();
            }
            others.set(&mut running.setup, round);
            reload(&running, "applied");
            let seen = sent.load(Ordering::SeqCst);
            wait_for("requests under the new file", || (sent.load(Ordering::SeqCst) > seen + 20).then_some(()));
        }
        drop(stopping);
        let grown = running.gateway.memory().saturating_sub(memory);
        assert!(grown < 32 * 1024, "{} old files are kept: {grown} KiB", rounds());
    });
    assert_seen(&open, |seen| seen.values("X-Auth-Subject").is_empty() && seen.value("X-Forwarded-For") == "127.0.0.1");
    assert_seen(&closed, |seen| {
        seen.value("X-Auth-Roles") == "admin" && seen.value("X-Forwarded-For").starts_with("192.0.2.7")
    });
}

/// Each request on a connection of its own.
fn ask_over_tls(tls: SocketAddr, request: &Request, stop: &AtomicBool, sent: &AtomicUsize) {
    while !stop.load(Ordering::SeqCst) {
        let socket = Client::asking("gw.test", &["http/1.1"]).connect(tls).expect("a handshake was lost");
        let mut connection = Connection::over(socket);
        connection.send(&request.bytes());
        let answer = connection.response().expect("a request over TLS was lost");
        assert!(is_anonymous(&answer), "{}", answer.shown());
        sent.fetch_add(1, Ordering::SeqCst);
    }
}

/// All requests on one connection.
fn ask_over_http2(tls: SocketAddr, stop: &AtomicBool, sent: &AtomicUsize) {
    let mut connection = h2::Connection::over(Client::asking("gw.test", &["h2"]).connect(tls).unwrap());
    for stream in (1..).step_by(2).take_while(|_| !stop.load(Ordering::SeqCst)) {
        connection.send(&headers(stream, &get("/mix/x"), true));
        let outcome = connection.outcome(stream, PATIENCE);
        assert!(outcome.ended && matches!(outcome.status, Some(200 | 401)), "a stream was lost: {outcome:?}");
        // Else the window of the connection is full in the end.
        let read = u32::try_from(outcome.body.len()).unwrap();
        if read > 0 {
            connection.send(&frame(WINDOW_UPDATE, 0, 0, &read.to_be_bytes()));
        }
        sent.fetch_add(1, Ordering::SeqCst);
    }
}

/// Ends the clients also where an assertion fails.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn is_anonymous(answer: &Response) -> bool {
    (answer.status == 200 && answer.body == b"open") || answer.status == 401
}

fn is_admin(answer: &Response) -> bool {
    answer.status == 200 && (answer.body == b"open" || answer.body == b"closed")
}

fn assert_seen(recorder: &Recorder, is_right: impl Fn(&Recorded) -> bool) {
    let seen: Vec<_> = recorder.since(0).into_iter().filter(|seen| seen.line().contains("/mix/")).collect();
    assert!(!seen.is_empty());
    let mixed = seen.iter().find(|seen| !is_right(seen));
    assert!(mixed.is_none(), "judged by two files: {}", mixed.unwrap().head.escape_ascii());
}

/// What the files name.
struct Others<'a> {
    open: &'a Recorder,
    closed: &'a Recorder,
    certificates: [Pair; 2],
    issuer: Issuer,
}

impl Others<'_> {
    /// The settings of a round: one thing changes every time, the rest every second time.
    fn set(&self, setup: &mut Setup, round: usize) {
        let is_open = round.is_multiple_of(2);
        let (trusted, access, server, prefix) = match is_open {
            true => ("[]", "access = \"public\"", self.open, "/auth"),
            false => ("[\"127.0.0.0/8\"]", "any_role = [\"admin\"]", self.closed, "/account"),
        };
        setup.config.server = format!(
            "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\ntrusted_proxies = {trusted}\nmax_headers = {}\n\
             [server.tls]\nlisten = \"127.0.0.1:0\"\n{}",
            100 + round % 2,
            self.certificates[round % 2].settings()
        );
        let plain = setup.config.keycloak.split("max_lifetime").next().unwrap().to_owned();
        let refresh = if round % 4 < 2 { "300s" } else { "301s" };
        setup.config.keycloak =
            plain + &format!("max_lifetime = \"{}s\"\nkeys_refresh = \"{refresh}\"\n", 80_000 - round);
        setup.config.upstreams = format!("[[upstream]]\nname = \"app\"\nservers = [\"{}\"]\n", server.url());
        let target = "upstream = \"app\"\n";
        setup.config.routes =
            format!("[[route]]\npath = \"/mix/*\"\n{target}{access}\n[[route]]\npath = \"/api/*\"\n{target}");
        setup.config.more = format!("[auth]\nprefix = \"{prefix}\"\nlogin_tries_per_name = {}\n", 10 + round);
        if !is_open {
            let more = self.open.url();
            setup.config.upstreams += &format!("[[upstream]]\nname = \"more{round}\"\nservers = [\"{more}\"]\n");
            setup.config.routes += &format!("[[route]]\npath = \"/more/{round}\"\nupstream = \"more{round}\"\n");
            let issuer = self.issuer.url();
            setup.config.more += &format!(
                "[[keycloak.also]]\nname = \"other\"\nissuer = \"{issuer}\"\naudience = \"gateway-api\"\n\
                 allowed_clients = [\"gateway\"]\nalgorithms = [\"RS256\"]\nmax_lifetime = \"70000s\"\n"
            );
        }
        write_secret(&setup.directory().join("client-secret"), &format!("secret-{round}"));
    }
}

/// `RELOADS`, or as many as fit into a run of all tests.
fn rounds() -> usize {
    std::env::var("RELOADS").ok().and_then(|count| count.parse().ok()).unwrap_or(30)
}
