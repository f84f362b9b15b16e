//! What Prometheus scrapes. Every label comes from a closed set; `docs/metrics.md` lists them all.

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use std::time::Duration;

use crate::clock::Timestamp;

/// Why a connection ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Beyond the limits, and too many others are being told so.
    Full,
    /// The TLS handshake failed.
    TlsHandshake,
    /// The TLS handshake took too long.
    TlsTimeout,
    /// An HTTP/2 connection did not begin as one, or not in time.
    Http2Preface,
    /// More frames that do no work than anybody needs.
    Http2Flood,
    /// A head that did not come to its end in time.
    Http2Head,
    /// Frames that are none of HTTP/2, or come where they may not.
    Http2Protocol,
}

impl Dropped {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Full,
        Self::TlsHandshake,
        Self::TlsTimeout,
        Self::Http2Preface,
        Self::Http2Flood,
        Self::Http2Head,
        Self::Http2Protocol,
    ];

    /// As the label says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::TlsHandshake => "tls-handshake",
            Self::TlsTimeout => "tls-timeout",
            Self::Http2Preface => "http2-preface",
            Self::Http2Flood => "http2-flood",
            Self::Http2Head => "http2-head",
            Self::Http2Protocol => "http2-protocol",
        }
    }
}

/// What is looked up only when somebody scrapes.
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    /// Since the last poll was sent.
    pub log_age: Option<Duration>,
    /// How far the log is applied.
    pub position: i64,
    /// Entries in memory.
    pub revoked: usize,
    /// Requests that go on.
    pub streams: usize,
    /// Members, as they were last seen.
    pub nodes: usize,
    /// Time without a lease.
    pub blind: Duration,
    /// Lines of the log.
    pub log_dropped: u64,
}

/// The gateway's own metrics in a registry of its own.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: Histogram,
    connections: IntGauge,
    dropped: IntCounterVec,
    certificates: IntGaugeVec,
    certificate_reads: IntCounterVec,
    panics: IntCounter,
    database: HistogramVec,
    log_age: prometheus::Gauge,
    revoked: IntGauge,
    position: IntGauge,
    nodes: IntGauge,
    blind: prometheus::Counter,
    in_flight: IntGauge,
    log_dropped: IntGauge,
    upstream_tries: IntCounterVec,
    streams: IntGauge,
    streams_ended: IntCounterVec,
}

impl Metrics {
    /// Registers everything.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let build =
            IntCounterVec::new(Opts::new("doorward_build_info", "Version of the gateway; always 1."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).inc();
        registry.register(Box::new(build))?;
        let metrics = Self {
            requests: IntCounterVec::new(
                Opts::new(
                    "doorward_requests_total",
                    "Requests by route, status and the reason of a refusal (empty: none).",
                ),
                &["route", "status", "reason"],
            )?,
            latency: Histogram::with_opts(
                HistogramOpts::new(
                    "doorward_request_duration_seconds",
                    "From the request's head to the response's last byte.",
                )
                .buckets(LATENCY.to_vec()),
            )?,
            connections: IntGauge::new("doorward_connections", "Open client connections.")?,
            dropped: IntCounterVec::new(
                Opts::new("doorward_connections_dropped_total", "Connections that ended without an answer, by reason."),
                &["reason"],
            )?,
            certificates: IntGaugeVec::new(
                Opts::new("doorward_certificate_expires_seconds", "When a certificate expires, in Unix time."),
                &["certificate"],
            )?,
            certificate_reads: IntCounterVec::new(
                Opts::new("doorward_certificate_reloads_total", "Changes of the certificates by outcome."),
                &["outcome"],
            )?,
            panics: IntCounter::new("doorward_panics_total", "Panics that were caught; each is a defect.")?,
            database: HistogramVec::new(
                HistogramOpts::new(
                    "doorward_database_duration_seconds",
                    "Calls of the users database by operation and outcome.",
                )
                .buckets(CALLS.to_vec()),
                &["operation", "outcome"],
            )?,
            log_age: prometheus::Gauge::new(
                "doorward_change_log_age_seconds",
                "Time since the last successful poll of the change log.",
            )?,
            revoked: IntGauge::new("doorward_revocations", "Revocations in memory.")?,
            position: IntGauge::new("doorward_change_log_position", "How far this node has applied the change log.")?,
            nodes: IntGauge::new("doorward_nodes", "Members when this node last looked.")?,
            blind: prometheus::Counter::new("doorward_blind_seconds_total", "Time without a lease.")?,
            log_dropped: IntGauge::new(
                "doorward_log_lines_dropped",
                "Log lines that were dropped because standard error took none for too long.",
            )?,
            streams: IntGauge::new(
                "doorward_streams",
                "Requests of signed-in users that have lived for more than 50 ms.",
            )?,
            streams_ended: IntCounterVec::new(
                Opts::new("doorward_streams_ended_total", "Requests that were ended by the gateway, by reason."),
                &["reason"],
            )?,
            in_flight: IntGauge::new("doorward_requests_in_flight", "Requests that are being served.")?,
            upstream_tries: IntCounterVec::new(
                Opts::new(
                    "doorward_upstream_connections_total",
                    "Connections to upstreams by outcome: reused, new, failed.",
                ),
                &["upstream", "outcome"],
            )?,
            registry,
        };
        metrics.register()?;
        for outcome in [true, false] {
            metrics.certificate_reads.with_label_values(&[certificate_outcome(outcome)]);
        }
        for reason in Dropped::ALL {
            metrics.dropped.with_label_values(&[reason.name()]);
        }
        Ok(metrics)
    }

    fn register(&self) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(self.streams.clone()))?;
        self.registry.register(Box::new(self.streams_ended.clone()))?;
        // Shown before the first of them, so that a rate can be told.
        self.streams_ended.with_label_values(&["session-ended"]).reset();
        self.registry.register(Box::new(self.requests.clone()))?;
        self.registry.register(Box::new(self.latency.clone()))?;
        self.registry.register(Box::new(self.connections.clone()))?;
        self.registry.register(Box::new(self.dropped.clone()))?;
        self.registry.register(Box::new(self.certificates.clone()))?;
        self.registry.register(Box::new(self.certificate_reads.clone()))?;
        self.registry.register(Box::new(self.panics.clone()))?;
        self.registry.register(Box::new(self.database.clone()))?;
        self.registry.register(Box::new(self.log_age.clone()))?;
        self.registry.register(Box::new(self.revoked.clone()))?;
        self.registry.register(Box::new(self.position.clone()))?;
        self.registry.register(Box::new(self.nodes.clone()))?;
        self.registry.register(Box::new(self.blind.clone()))?;
        self.registry.register(Box::new(self.in_flight.clone()))?;
        self.registry.register(Box::new(self.log_dropped.clone()))?;
        self.registry.register(Box::new(self.upstream_tries.clone()))
    }

    /// Where other modules register theirs.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// One request ended.
    pub fn request(&self, route: &str, status: u16, reason: &str, took: Duration) {
        self.refused(route, status, reason);
        self.latency.observe(took.as_secs_f64());
    }

    /// A head was refused before it became a request: it is counted, and has no duration.
    pub fn refused(&self, route: &str, status: u16, reason: &str) {
        self.requests.with_label_values(&[route, status_text(status).as_str(), reason]).inc();
    }

    /// A connection was opened or closed.
    pub fn connection(&self, opened: bool) {
        self.connections.add(if opened { 1 } else { -1 });
    }

    /// The certificates in use: the first name of each, and when it expires.
    pub fn certificates<'a>(&self, certificates: impl Iterator<Item = (&'a str, Timestamp)>) {
        self.certificates.reset();
        for (name, expires) in certificates {
            self.certificates.with_label_values(&[name]).set(i64::try_from(expires.0).unwrap_or(i64::MAX));
        }
    }

    /// The certificates have changed, and could be used or not.
    pub fn certificates_read(&self, usable: bool) {
        self.certificate_reads.with_label_values(&[certificate_outcome(usable)]).inc();
    }

    /// A connection was ended without an answer.
    pub fn dropped(&self, reason: Dropped) {
        self.dropped.with_label_values(&[reason.name()]).inc();
    }

    /// Open client connections.
    #[must_use]
    pub fn connections(&self) -> &IntGauge {
        &self.connections
    }

    /// Requests that are being served.
    #[must_use]
    pub fn in_flight(&self) -> &IntGauge {
        &self.in_flight
    }

    /// A request that went on was ended.
    pub fn stream_ended(&self, reason: &'static str) {
        self.streams_ended.with_label_values(&[reason]).inc();
    }

    /// A panic was caught.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// A call of the users database ended.
    pub fn database(&self, operation: &'static str, done: bool, took: Duration) {
        let outcome = if done { "ok" } else { "error" };
        self.database.with_label_values(&[operation, outcome]).observe(took.as_secs_f64());
    }

    /// A connection to an upstream was taken or could not be.
    pub fn upstream(&self, upstream: &str, outcome: &'static str) {
        self.upstream_tries.with_label_values(&[upstream, outcome]).inc();
    }

    /// What is looked up only when somebody scrapes.
    pub fn observe(&self, now: &Observed) {
        self.streams.set(i64::try_from(now.streams).unwrap_or(i64::MAX));
        self.log_dropped.set(i64::try_from(now.log_dropped).unwrap_or(i64::MAX));
        self.log_age.set(now.log_age.map_or(f64::INFINITY, |age| age.as_secs_f64()));
        self.revoked.set(i64::try_from(now.revoked).unwrap_or(i64::MAX));
        self.position.set(now.position);
        self.nodes.set(i64::try_from(now.nodes).unwrap_or(i64::MAX));
        let blind = now.blind.as_secs_f64() - self.blind.get();
        self.blind.inc_by(blind.max(0.0));
    }

    /// The text exposition format.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

fn certificate_outcome(usable: bool) -> &'static str {
    if usable { "ok" } else { "failed" }
}

/// Three digits without a heap allocation.
struct StatusText([u8; 3]);

impl StatusText {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("000")
    }
}

fn status_text(status: u16) -> StatusText {
    let digit = |place: u16| b'0' + u8::try_from(status / place % 10).unwrap_or(0);
    StatusText([digit(100), digit(10), digit(1)])
}

const LATENCY: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const CALLS: [f64; 10] = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5];
