//! What announcements count.

use std::time::Duration;

use prometheus::{Gauge, Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry};

use super::AnnounceError;
use super::spread::Known;

/// Announcements, and how long they took to hold everywhere.
#[derive(Clone, Debug)]
pub struct AnnounceMetrics {
    announcements: IntCounterVec,
    took: Histogram,
    last: Gauge,
    waiting: IntGauge,
}

/// How an announcement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every node has it.
    Everywhere,
    /// A node did not say so, and its lease is over.
    Waited,
    /// It was not durable in time.
    Unwritten,
    /// It was durable, and the time was up.
    Untold,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Everywhere, Self::Waited, Self::Unwritten, Self::Untold];

    /// As the label says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Waited => "waited",
            Self::Unwritten => "unwritten",
            Self::Untold => "untold",
        }
    }

    pub(super) fn of(outcome: &Result<Known, AnnounceError>) -> Self {
        match outcome {
            Ok(Known::Told) => Self::Everywhere,
            Ok(Known::Waited) => Self::Waited,
            Err(AnnounceError::Unwritten(_)) => Self::Unwritten,
            Err(AnnounceError::Untold) => Self::Untold,
        }
    }
}

impl AnnounceMetrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// A metric of that name is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let announcements = IntCounterVec::new(
            Opts::new("doorward_announcements_total", "Announcements of revocations to all nodes, by outcome."),
            &["outcome"],
        )?;
        let took = Histogram::with_opts(
            HistogramOpts::new(
                "doorward_announcement_duration_seconds",
                "From an announcement's begin until it holds on every node, or the time is up.",
            )
            .buckets(BUCKETS.to_vec()),
        )?;
        let last = Gauge::new(
            "doorward_announcement_last_seconds",
            "How long the last announcement that succeeded took to hold on every node.",
        )?;
        let waiting =
            IntGauge::new("doorward_announcements_waiting", "Revocations that wait to be written to the change log.")?;
        registry.register(Box::new(waiting.clone()))?;
        registry.register(Box::new(announcements.clone()))?;
        registry.register(Box::new(took.clone()))?;
        registry.register(Box::new(last.clone()))?;
        for outcome in Outcome::ALL {
            announcements.with_label_values(&[outcome.name()]);
        }
        Ok(Self { announcements, took, last, waiting })
    }

    /// Revocations that wait to be written.
    pub(super) fn waiting(&self) -> &IntGauge {
        &self.waiting
    }

    pub(super) fn announced(&self, outcome: Outcome, took: Duration) {
        self.announcements.with_label_values(&[outcome.name()]).inc();
        self.took.observe(took.as_secs_f64());
        if matches!(outcome, Outcome::Everywhere | Outcome::Waited) {
            self.last.set(took.as_secs_f64());
        }
    }
}

const BUCKETS: [f64; 10] = [0.005, 0.01, 0.03, 0.1, 0.25, 0.5, 1.0, 1.5, 3.0, 5.0];
