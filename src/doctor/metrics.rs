//! The findings as numbers.

use prometheus::{IntGaugeVec, Opts, Registry};

use super::Finding;

/// One gauge a finding.
#[derive(Clone, Debug)]
pub struct CheckMetrics(IntGaugeVec);

impl CheckMetrics {
    /// Registers the metric.
    ///
    /// # Errors
    /// A metric of that name is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let opts = Opts::new("doorward_check", "1 for what doorward doctor found last of each thing that it checks");
        let checks = IntGaugeVec::new(opts, &["check", "issuer", "verdict"])?;
        registry.register(Box::new(checks.clone()))?;
        Ok(Self(checks))
    }

    /// Shows these findings and no others.
    pub fn found(&self, findings: &[Finding]) {
        self.0.reset();
        for finding in findings {
            let labels = [finding.check().name(), finding.subject(), finding.verdict().label()];
            self.0.with_label_values(&labels).set(1);
        }
    }
}
