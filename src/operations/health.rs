//! Whether this node can do its job.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::Serialize;

use crate::app::Snapshot;
use crate::metrics::Metrics;
use crate::standing::Standing;
use crate::telemetry::Sink;

/// Looks at what judging needs.
#[derive(Clone)]
pub struct Health {
    /// The settings in force, with their keys.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Revocations and rights.
    pub standing: Arc<Standing>,
    /// The numbers.
    pub metrics: Arc<Metrics>,
    /// Turns `true` when the node is about to stop.
    pub stopping: tokio::sync::watch::Receiver<bool>,
    /// What counts the lines that were dropped.
    pub sink: Sink,
    /// What sets the age of the last poll.
    pub clock: crate::clock::Clock,
    /// One at a time: what is gone is taken back before what is there is shown.
    pub scrapes: Arc<Mutex<()>>,
}

/// The body of `/readyz`.
#[derive(Debug, Serialize)]
pub struct Readiness {
    /// Whether the node can judge.
    pub ready: bool,
    /// Whether it is about to stop.
    pub stopping: bool,
    /// Whether the change log is heard of, so that rights and revocations can be trusted.
    pub change_log: bool,
    /// For every issuer, whether its keys can be used.
    pub keys: Vec<IssuerReadiness>,
}

/// One issuer in `/readyz`.
#[derive(Debug, Serialize)]
pub struct IssuerReadiness {
    /// Its short name.
    pub issuer: String,
    /// Whether there are keys.
    pub usable: bool,
    /// How old they are, in seconds.
    pub age_seconds: Option<u64>,
}

impl Health {
    /// Ready is who can judge: keys of the first issuer, and the log. What else is away is only named.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let keys: Vec<IssuerReadiness> = self
            .snapshot
            .load()
            .identities
            .keys()
            .map(|keys| IssuerReadiness {
                issuer: keys.issuer().to_string(),
                usable: keys.is_usable(),
                age_seconds: keys.age().map(|age| age.as_secs()),
            })
            .collect();
        let (stopping, change_log) = (*self.stopping.borrow(), self.standing.sees());
        let judges = keys.first().is_some_and(|first| first.usable) && change_log;
        Readiness { ready: judges && !stopping, stopping, change_log, keys }
    }

    /// The text that Prometheus scrapes.
    pub fn scrape(&self) -> Result<String, prometheus::Error> {
        let _alone = self.scrapes.lock();
        let snapshot = self.snapshot.load();
        snapshot.identities.observe();
        snapshot.upstreams.observe();
        let age = self.standing.fence().age(&self.clock);
        let (revoked, streams) = (self.standing.revoked().len(), self.standing.streams().len());
        self.metrics.observe(age, revoked, streams, self.sink.dropped());
        self.metrics.text()
    }
}
