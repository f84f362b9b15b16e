//! What the token cache and the verifier count.

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

use super::TokenError;

/// Counters of proving bearer tokens.
#[derive(Clone, Debug)]
pub struct TokenMetrics {
    pub(super) hits: IntCounter,
    pub(super) misses: IntCounter,
    pub(super) stale: IntCounter,
    refused: IntCounterVec,
}

impl TokenMetrics {
    /// Registers the counters.
    ///
    /// # Errors
    /// A counter of that name is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let lookups = IntCounterVec::new(
            Opts::new("doorward_token_cache_lookups_total", "Look-ups of a token among those that were proven before"),
            &["outcome"],
        )?;
        let refused = IntCounterVec::new(
            Opts::new("doorward_tokens_refused_total", "Bearer tokens that proved nothing, by reason"),
            &["reason"],
        )?;
        registry.register(Box::new(lookups.clone()))?;
        registry.register(Box::new(refused.clone()))?;
        Ok(Self {
            hits: lookups.with_label_values(&["hit"]),
            misses: lookups.with_label_values(&["miss"]),
            stale: lookups.with_label_values(&["stale"]),
            refused,
        })
    }

    pub(in crate::identity) fn refused(&self, error: TokenError) {
        self.refused.with_label_values(&[error.reason()]).inc();
    }
}
