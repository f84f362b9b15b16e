//! What reading keys counts.

use prometheus::{Gauge, GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// Counters and gauges of the key sets of all issuers.
#[derive(Clone, Debug)]
pub struct KeysMetrics {
    fetches: IntCounterVec,
    age: GaugeVec,
    keys: IntGaugeVec,
}

impl KeysMetrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// A metric of that name is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let fetches = IntCounterVec::new(
            Opts::new("doorward_keys_fetches_total", "Reads of an issuer's key set, by outcome"),
            &["issuer", "outcome"],
        )?;
        let age = GaugeVec::new(
            Opts::new("doorward_keys_age_seconds", "Time since an issuer's key set was last read; absent before"),
            &["issuer"],
        )?;
        let keys =
            IntGaugeVec::new(Opts::new("doorward_keys", "Keys of an issuer that may verify its tokens"), &["issuer"])?;
        registry.register(Box::new(fetches.clone()))?;
        registry.register(Box::new(age.clone()))?;
        registry.register(Box::new(keys.clone()))?;
        Ok(Self { fetches, age, keys })
    }

    pub(super) fn fetched(&self, issuer: &str, outcome: &'static str) {
        self.fetches.with_label_values(&[issuer, outcome]).inc();
    }

    /// Forgets which issuers were shown: some may be gone.
    pub(super) fn begin(&self) {
        self.age.reset();
        self.keys.reset();
    }

    pub(super) fn age(&self, issuer: &str) -> Gauge {
        self.age.with_label_values(&[issuer])
    }

    pub(super) fn keys(&self, issuer: &str) -> IntGauge {
        self.keys.with_label_values(&[issuer])
    }
}
