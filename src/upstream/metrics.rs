//! What upstreams count.

use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};

use super::UpstreamError;

/// The metrics of every upstream.
#[derive(Clone, Debug)]
pub struct UpstreamMetrics {
    up: IntGaugeVec,
    passed_over: IntCounterVec,
    retries: IntCounterVec,
}

impl UpstreamMetrics {
    /// Registers them.
    ///
    /// # Errors
    /// One of that name is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            up: IntGaugeVec::new(
                Opts::new("doorward_upstream_server_up", "1 where a server takes requests, 0 where it is passed over."),
                &["upstream", "server"],
            )?,
            passed_over: IntCounterVec::new(
                Opts::new("doorward_upstream_passed_over_total", "How often servers were passed over, by cause."),
                &["upstream", "cause"],
            )?,
            retries: IntCounterVec::new(
                Opts::new("doorward_upstream_retries_total", "Requests to be sent again: sent, or over-budget."),
                &["upstream", "outcome"],
            )?,
        };
        registry.register(Box::new(metrics.up.clone()))?;
        registry.register(Box::new(metrics.passed_over.clone()))?;
        registry.register(Box::new(metrics.retries.clone()))?;
        Ok(metrics)
    }

    /// Shows an upstream from its beginning on, with nothing counted.
    pub(super) fn introduce(&self, upstream: &str) {
        for cause in CAUSES {
            self.passed_over.with_label_values(&[upstream, cause]);
        }
        for outcome in ["sent", "over-budget"] {
            self.retries.with_label_values(&[upstream, outcome]);
        }
    }

    /// Forgets the servers that were shown before.
    pub(super) fn begin(&self) {
        self.up.reset();
    }

    pub(super) fn server(&self, upstream: &str, server: &str, up: bool) {
        self.up.with_label_values(&[upstream, server]).set(i64::from(up));
    }

    pub(super) fn failed(&self, upstream: &str, cause: UpstreamError) {
        self.passed_over.with_label_values(&[upstream, cause.cause()]).inc();
    }

    pub(super) fn checked_out(&self, upstream: &str) {
        self.passed_over.with_label_values(&[upstream, "health-check"]).inc();
    }

    pub(super) fn retry(&self, upstream: &str, sent: bool) {
        let outcome = if sent { "sent" } else { "over-budget" };
        self.retries.with_label_values(&[upstream, outcome]).inc();
    }
}

const CAUSES: [&str; 5] = ["refused", "timed-out", "tls", "broken", "health-check"];
