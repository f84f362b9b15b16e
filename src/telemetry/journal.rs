//! One log line, one counter, one histogram for every request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tracing::info;

use super::record::TARGET;
use super::{Format, Record, Sink};
use crate::metrics::{Dropped, Metrics};
use crate::problem::Problem;

/// Where the end of every request is written down.
#[derive(Clone, Debug)]
pub struct Journal {
    metrics: Arc<Metrics>,
    sink: Sink,
}

impl Journal {
    /// Writes to these.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, sink: Sink) -> Self {
        Self { metrics, sink }
    }

    /// The metrics behind it.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// A request ended.
    pub fn request(&self, record: &Record, began: Instant) {
        let took = began.elapsed();
        self.metrics.request(record.route.as_deref().unwrap_or("none"), record.status, record.reason, took);
        self.write(record, took);
    }

    /// A head was refused before it became a request.
    pub fn refused(&self, request_id: &str, problem: &Problem, peer: Option<SocketAddr>) {
        let record = Record {
            request_id: request_id.into(),
            client: peer.map(shown).unwrap_or_default().into(),
            status: problem.status.as_u16(),
            reason: problem.reason,
            ..Record::default()
        };
        self.metrics.refused("none", record.status, record.reason);
        self.write(&record, Duration::ZERO);
    }

    /// A connection was ended before anything was asked on it, or because of what came on it.
    pub fn dropped(&self, reason: Dropped, peer: Option<SocketAddr>) {
        self.metrics.dropped(reason);
        let client = peer.map(shown);
        info!(client, reason = reason.name(), "a connection was dropped");
    }

    fn write(&self, record: &Record, took: Duration) {
        if !tracing::enabled!(target: TARGET, tracing::Level::INFO) {
            return;
        }
        let line = match self.sink.format() {
            Format::Json => record.json(SystemTime::now(), took),
            Format::Text => record.text(took),
        };
        self.sink.line(line.as_bytes());
    }
}

/// An address in the one spelling that every line has: an IPv4 address that came in by an IPv6 socket is still one.
pub(crate) fn shown(peer: SocketAddr) -> String {
    peer.ip().to_canonical().to_string()
}
