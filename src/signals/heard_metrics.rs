//! What signals count.

use std::time::Duration;

use prometheus::{Gauge, GaugeVec, IntCounterVec, Opts, Registry};

use crate::identity::Action;

/// A way in which the end of something is heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A logout token.
    BackchannelLogout,
    /// `k_logout`.
    KLogout,
    /// `k_push_not_before`.
    KPushNotBefore,
    /// An event of the realm.
    Event,
}

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It holds.
    Applied,
    /// It was known already.
    Replayed,
    /// It is not good.
    Refused,
    /// It holds on this node, and could not be written in time.
    Unwritten,
    /// Nobody knows whether it is good: keys are missing.
    Unknown,
}

/// Counters of signals, and the age of the events.
#[derive(Clone, Debug)]
pub struct SignalMetrics {
    signals: IntCounterVec,
    polls: IntCounterVec,
    age: GaugeVec,
}

impl Signal {
    /// The signal that an order is.
    #[must_use]
    pub fn of(action: Action) -> Self {
        match action {
            Action::Logout => Self::KLogout,
            Action::PushNotBefore => Self::KPushNotBefore,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::BackchannelLogout => "backchannel-logout",
            Self::KLogout => "k-logout",
            Self::KPushNotBefore => "k-push-not-before",
            Self::Event => "event",
        }
    }
}

impl Fate {
    fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Replayed => "replayed",
            Self::Refused => "refused",
            Self::Unwritten => "unwritten",
            Self::Unknown => "unknown",
        }
    }
}

impl SignalMetrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// A metric of that name is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let signals = IntCounterVec::new(
            Opts::new("doorward_signals_total", "What was heard of ends of sessions, by way and outcome"),
            &["signal", "outcome"],
        )?;
        let polls = IntCounterVec::new(
            Opts::new("doorward_event_polls_total", "Reads of an issuer's events, by outcome"),
            &["issuer", "outcome"],
        )?;
        let age = GaugeVec::new(
            Opts::new("doorward_events_age_seconds", "Time since an issuer's events were last read and applied"),
            &["issuer"],
        )?;
        registry.register(Box::new(signals.clone()))?;
        registry.register(Box::new(polls.clone()))?;
        registry.register(Box::new(age.clone()))?;
        signals.with_label_values(&[Signal::BackchannelLogout.name(), Fate::Applied.name()]);
        Ok(Self { signals, polls, age })
    }

    /// A signal was heard.
    pub fn heard(&self, signal: Signal, outcome: Fate) {
        self.signals.with_label_values(&[signal.name(), outcome.name()]).inc();
    }

    /// The events of an issuer were read, or could not be.
    pub fn polled(&self, issuer: &str, outcome: &'static str) {
        self.polls.with_label_values(&[issuer, outcome]).inc();
    }

    /// How old what is known of an issuer's events is; endless before the first time.
    pub fn age(&self, issuer: &str, age: Option<Duration>) {
        let gauge: Gauge = self.age.with_label_values(&[issuer]);
        gauge.set(age.map_or(f64::INFINITY, |age| age.as_secs_f64()));
    }
}
