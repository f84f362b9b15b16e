//! Whether this node can do its job.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::Serialize;

use crate::app::Snapshot;
use crate::doctor::{Check, Finding, Verdict};
use crate::metrics::{Metrics, Observed};
use crate::signals::{SignalMetrics, Spread};
use crate::standing::Standing;
use crate::telemetry::Sink;

/// Looks at what judging needs.
#[derive(Clone)]
pub struct Health {
    /// The settings in force, with their keys.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Revocations and rights.
    pub standing: Arc<Standing>,
    /// The other nodes.
    pub spread: Arc<Spread>,
    /// The numbers.
    pub metrics: Arc<Metrics>,
    /// The numbers of signals.
    pub signals: SignalMetrics,
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
    /// This node's lease.
    pub lease: LeaseReadiness,
    /// For every issuer, whether its keys can be used.
    pub keys: Vec<IssuerReadiness>,
    /// For every issuer whose events are read, whether they were of late.
    pub events: Vec<EventsReadiness>,
    /// What `doorward doctor` finds with our own rights, of every five minutes; the node is ready whatever it says.
    pub checks: Vec<CheckReadiness>,
}

/// A finding in `/readyz`.
#[derive(Debug, Serialize)]
pub struct CheckReadiness {
    /// What was looked at.
    pub check: Check,
    /// Of which issuer; empty for the users database.
    pub issuer: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found, where it is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The events of one issuer in `/readyz`.
#[derive(Debug, Serialize)]
pub struct EventsReadiness {
    /// Its short name.
    pub issuer: String,
    /// Whether they are read.
    pub heard: bool,
    /// How long ago they were, in seconds.
    pub age_seconds: Option<u64>,
}

/// The lease in `/readyz`: how long this node may trust its memory.
#[derive(Debug, Serialize)]
pub struct LeaseReadiness {
    /// Whether it holds.
    pub valid: bool,
    /// How long ago the poll that gave it was sent.
    pub age_ms: Option<u64>,
    /// How far the change log is applied.
    pub position: i64,
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

impl CheckReadiness {
    fn of(finding: &Finding) -> Self {
        let is_told = finding.verdict() != Verdict::Ok;
        Self {
            check: finding.check(),
            issuer: finding.subject().to_string(),
            verdict: finding.verdict(),
            message: is_told.then(|| finding.message().to_owned()),
        }
    }
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
        let age = self.standing.fence().age(&self.clock);
        let lease = LeaseReadiness {
            valid: change_log,
            age_ms: age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            position: self.standing.position().0,
        };
        let snapshot = self.snapshot.load();
        let events = snapshot.events(&self.clock).map(|(issuer, age, heard)| EventsReadiness {
            issuer: issuer.to_string(),
            heard,
            age_seconds: age.map(|age| age.as_secs()),
        });
        let checks = snapshot.checkup().iter().map(CheckReadiness::of).collect();
        Readiness { ready: judges && !stopping, stopping, change_log, lease, keys, events: events.collect(), checks }
    }

    /// The text that Prometheus scrapes.
    pub fn scrape(&self) -> Result<String, prometheus::Error> {
        let _alone = self.scrapes.lock();
        let snapshot = self.snapshot.load();
        snapshot.identities.observe();
        snapshot.upstreams.observe();
        self.metrics.observe(&Observed {
            log_age: self.standing.fence().age(&self.clock),
            position: self.standing.position().0,
            revoked: self.standing.revoked().len(),
            streams: self.standing.streams().len(),
            nodes: self.spread.latest().map_or(0, |look| look.members.len()),
            blind: self.standing.fence().blind(&self.clock),
            log_dropped: self.sink.dropped(),
        });
        for (issuer, age, _) in snapshot.events(&self.clock) {
            self.signals.age(issuer, age);
        }
        self.metrics.text()
    }
}
