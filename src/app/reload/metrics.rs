//! What reloads count.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{Gauge, IntCounterVec, IntGauge, Opts, Registry};

/// Reloads, and whether the file that stands there is in force.
#[derive(Debug)]
pub(in crate::app) struct ReloadMetrics {
    reloads: IntCounterVec,
    current: IntGauge,
    applied_at: Gauge,
}

impl ReloadMetrics {
    pub(in crate::app) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            reloads: IntCounterVec::new(
                Opts::new("doorward_config_reloads_total", "Reloads of the configuration: applied or refused."),
                &["outcome"],
            )?,
            current: IntGauge::new(
                "doorward_config_current",
                "1 where the configuration that was read last is in force, 0 where it was refused.",
            )?,
            applied_at: Gauge::new(
                "doorward_config_applied_timestamp_seconds",
                "When the configuration in force was applied.",
            )?,
        };
        registry.register(Box::new(metrics.reloads.clone()))?;
        registry.register(Box::new(metrics.current.clone()))?;
        registry.register(Box::new(metrics.applied_at.clone()))?;
        for outcome in ["applied", "refused"] {
            metrics.reloads.with_label_values(&[outcome]);
        }
        Ok(metrics)
    }

    /// The gateway works by what it has read, at its start or by a reload.
    pub(super) fn started(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.current.set(1);
        self.applied_at.set(now.as_secs_f64());
    }

    pub(super) fn applied(&self) {
        self.reloads.with_label_values(&["applied"]).inc();
        self.started();
    }

    pub(super) fn refused(&self) {
        self.reloads.with_label_values(&["refused"]).inc();
        self.current.set(0);
    }
}
