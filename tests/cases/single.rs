//! Cases that are one request: sent byte by byte to one gateway, one after the other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use devrealm::Realm;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::case::{Case, Verdict};
use crate::observation::Observation;
use crate::rename::variants;
use crate::shot::Shot;
use crate::support::h2::{self, Outcome};
use crate::support::house::{House, Session};
use crate::support::raw::{Connection, Request, Response};
use crate::support::setup::{Running, Setup};
use crate::support::signature::Unknown;
use crate::support::sink::Sink;
use crate::support::words::Words;

/// The fixture that these cases share.
pub struct Stage {
    running: Running,
    sink: Sink,
    fences: AtomicUsize,
    /// Where the case speaks to Keycloak: the development realm.
    _keycloak: Option<(Realm, Runtime)>,
}

impl Stage {
    /// Starts it and sends one good request, so that no case pays for the first of its kind.
    pub fn new() -> Self {
        let mut setup = Setup::new();
        // One thread has a scheduler of its own, which most other tests do not use.
        setup.config.server += "h2c = true\nthreads = 1\n";
        Self::warm(setup.start(), None)
    }

    /// The same in front of a Keycloak that answers log-ins, where alice's password is `pw` and a used refresh token
    /// is not answered again.
    pub fn with_keycloak() -> Self {
        let house = House::build(|plan| {
            plan.auth.push_str("refresh_replay = \"0s\"\n");
            plan.keycloak.push_str("leeway = \"60s\"\n");
            let idle = |seconds: u32| format!("\"ssoSessionIdleTimeout\": {seconds}");
            plan.realm.realm_json = plan.realm.realm_json.replacen(&idle(1800), &idle(20), 1);
            let people = plan.realm.users_json.as_ref().map(|people| people.replace("alice-password", "pw"));
            plan.realm.users_json = people;
        });
        let log_in = || Session::of(&house.try_password("alice", "pw"));
        let expired = log_in();
        house.realm.advance_clock(Duration::from_secs(25));
        let (good, used) = (log_in(), log_in());
        assert_eq!(house.refresh(&used.refresh).status, 200);
        let (mut running, realm, runtime) = house.open();
        let words = Words::new(realm.issuer()).meaning("tok:alice", good.access);
        let words = words.meaning("rt:alice:used", used.refresh).meaning("rt:alice:expired", expired.refresh);
        running.setup.words = words;
        Self::warm(running, Some((realm, runtime)))
    }

    fn warm(running: Running, keycloak: Option<(Realm, Runtime)>) -> Self {
        let stage = Self { running, sink: Sink::start(), fences: AtomicUsize::new(0), _keycloak: keycloak };
        let token = stage.running.setup.words.expand("{{tok:alice}}").unwrap();
        let first = stage.running.gateway.send(Request::get("/api/warm").bearer(&token));
        assert_eq!(first.status, 200, "a good request is refused: {}", first.shown());
        stage
    }

    /// Runs a case in all its variants.
    pub fn judge(&self, case: &Case) -> Verdict {
        for entry in variants(&case.entry, self.sink.address) {
            let shot = match Shot::of(&entry, &self.running.setup.words) {
                Ok(shot) => shot,
                Err(Unknown(word)) => return Verdict::NotRun(format!("the runner does not know the word {word}")),
            };
            match self.judge_shot(&entry, &shot) {
                Verdict::Right => {}
                other => return other,
            }
        }
        Verdict::Right
    }

    fn judge_shot(&self, entry: &Value, shot: &Shot) -> Verdict {
        let mut observation = self.observe(entry, shot);
        // A busy machine may be slow once, and a thread takes memory once; a gateway that is slow or greedy is so always.
        for _ in 0..4 {
            if observation.is_in_time(&entry["expect"]) && observation.is_in_memory(&entry["expect"]) {
                break;
            }
            observation = self.observe(entry, shot);
        }
        observation.judge(&entry["expect"], &self.running.setup.words)
    }

    fn observe(&self, entry: &Value, shot: &Shot) -> Observation {
        let (gateway, setup) = (&self.running.gateway, &self.running.setup);
        let (log, requests) = (gateway.log.count(), setup.upstream.count());
        let (fetches, calls) = (setup.issuer.fetches(), self.sink.calls());
        gateway.forget_peak();
        let memory = gateway.memory();
        let began = Instant::now();
        let must_close = entry["expect"]["close"] == Value::Bool(true);
        let (response, took, closed) = if shot.http2 {
            (answered(&self.frames(shot)), began.elapsed(), None)
        } else {
            let mut connection = Connection::open(gateway.address);
            connection.head_only = shot.head_only;
            connection.send(&shot.wire);
            let response = connection.response();
            let took = began.elapsed();
            let closed = must_close.then(|| connection.is_closed_within(Duration::from_secs(3)));
            (response.map_err(|error| error.to_string()), took, closed)
        };
        let metadata = self.calls_metadata_service();
        let peak = gateway.peak_memory();
        let alive = self.fence();
        Observation {
            response,
            took,
            closed,
            upstream: setup.upstream.since(requests).into_iter().filter(|r| !r.line().contains(FENCE)).collect(),
            log: gateway.log.since(log),
            fetches: setup.issuer.fetches() - fetches,
            strangers: self.sink.calls() - calls + usize::from(metadata),
            memory_growth: peak.saturating_sub(memory),
            alive,
        }
    }

    fn frames(&self, shot: &Shot) -> Outcome {
        let mut connection = h2::Connection::open(self.running.gateway.address);
        connection.send(&shot.wire);
        connection.outcome(1, Duration::from_secs(10))
    }

    /// A request that passes for certain: when it has arrived, nothing of the case is still on its way.
    fn fence(&self) -> bool {
        let path = format!("{FENCE}{}", self.fences.fetch_add(1, Ordering::SeqCst));
        let answered = Request::get(&path).try_send(self.running.gateway.address);
        let logged = |line: &Value| line.to_string().contains(&path);
        self.running.gateway.log.wait(Duration::from_secs(2), logged);
        answered.is_ok_and(|answer| answer.status == 200)
    }

    /// Whether the gateway has a connection to 169.254.169.254, open or opening.
    fn calls_metadata_service(&self) -> bool {
        let table = std::fs::read_to_string(format!("/proc/{}/net/tcp", self.running.gateway.pid));
        table.is_ok_and(|table| table.contains("FEA9FEA9:"))
    }
}

/// The answer, or what came in its place.
pub fn answered(outcome: &Outcome) -> Result<Response, String> {
    let code = |code: u32| CODES.get(code as usize).map_or_else(|| code.to_string(), |name| (*name).to_owned());
    match (outcome.status, outcome.reset, outcome.gone) {
        (Some(status), _, _) => Ok(Response { status, head: Vec::new(), body: outcome.body.clone() }),
        (None, Some(reset), _) => Err(format!("RST_STREAM {}", code(reset))),
        (None, None, Some(gone)) => Err(format!("GOAWAY {}", code(gone))),
        (None, None, None) => Err(if outcome.closed { "closed".into() } else { "silence".into() }),
    }
}

/// RFC 9113 §7.
const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];
const FENCE: &str = "/public/fence-";
