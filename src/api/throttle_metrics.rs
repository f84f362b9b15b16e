//! What counters of tries count when they cannot count any more.

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// Tries that a full counter refused.
#[derive(Clone, Debug)]
pub struct ThrottleMetrics(IntCounterVec);

/// A counter of tries, by what it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    /// Log-ins of one name.
    LogInNames,
    /// Log-ins from one network.
    LogInAddresses,
    /// Wrong secrets of clients from one network.
    WrongSecrets,
    /// Refused refresh tokens from one network.
    RefusedTokens,
    /// Validations of one caller.
    Callers,
}

impl Counter {
    /// Every counter.
    const ALL: [Self; 5] =
        [Self::LogInNames, Self::LogInAddresses, Self::WrongSecrets, Self::RefusedTokens, Self::Callers];

    /// As labels and log lines say it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LogInNames => "log-in-names",
            Self::LogInAddresses => "log-in-addresses",
            Self::WrongSecrets => "wrong-secrets",
            Self::RefusedTokens => "refused-tokens",
            Self::Callers => "callers",
        }
    }
}

impl ThrottleMetrics {
    /// Registers the metric.
    ///
    /// # Errors
    /// A metric of that name is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let full = IntCounterVec::new(
            Opts::new("doorward_throttle_full_total", "Tries of somebody new that a full counter refused, by counter."),
            &["counter"],
        )?;
        registry.register(Box::new(full.clone()))?;
        let metrics = Self(full);
        // Shown before the first of them, so that a rate can be told.
        for counter in Counter::ALL {
            metrics.full(counter);
        }
        Ok(metrics)
    }

    /// What one counter has refused because it was full.
    pub(super) fn full(&self, counter: Counter) -> IntCounter {
        self.0.with_label_values(&[counter.name()])
    }
}
