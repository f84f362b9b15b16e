//! From a token that was proven before to its proof, by the token's fingerprint.

use std::fmt;
use std::sync::Arc;

use super::fingerprint::{Fingerprint, Fingerprints};
use super::metrics::TokenMetrics;
use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::identity::keys::{IssuerKeys, Key};
use crate::sync::Cache;

/// An identity with what proved it: it lasts as long as the key is in its issuer's key set. The settings of the
/// issuer are those of the `Identities` that owns the cache.
#[derive(Clone, Debug)]
pub(in crate::identity) struct Proof {
    pub(in crate::identity) identity: Arc<Identity>,
    pub(in crate::identity) keys: Arc<IssuerKeys>,
    pub(in crate::identity) key: Arc<Key>,
}

impl Proof {
    fn still_holds(&self, now: Timestamp) -> bool {
        now < self.identity.expires_at() && self.keys.vouch_for(&self.key)
    }
}

/// Tokens that were proven before, of bounded number. What was refused is not kept: the next time may have another
/// key. Looking one up must not cost more than it saves, so there is no bookkeeping of uses behind it
/// (`docs/decisions/0011-tokens-in-a-lighter-cache.md`).
pub(in crate::identity) struct ProofCache {
    fingerprints: Fingerprints,
    proofs: Cache<Fingerprint, Proof>,
    metrics: TokenMetrics,
}

impl ProofCache {
    pub(in crate::identity) fn new(capacity: usize, metrics: TokenMetrics) -> Self {
        Self { fingerprints: Fingerprints::new(), proofs: Cache::new(capacity), metrics }
    }

    /// By what a token is found here, and nowhere else; nothing for one that is not kept.
    pub(in crate::identity) fn fingerprint(&self, token: &str) -> Option<Fingerprint> {
        self.fingerprints.of(token)
    }

    pub(in crate::identity) fn find(&self, token: &Fingerprint, now: Timestamp) -> Option<Arc<Identity>> {
        let Some(proof) = self.proofs.get(token) else {
            self.metrics.misses.inc();
            return None;
        };
        if proof.still_holds(now) {
            self.metrics.hits.inc();
            return Some(proof.identity);
        }
        self.metrics.stale.inc();
        self.proofs.remove(token);
        None
    }

    /// Forgets what cannot be used any more.
    pub(in crate::identity) fn sweep(&self, now: Timestamp) {
        self.proofs.retain(|_, proof| proof.still_holds(now));
    }

    pub(in crate::identity) fn keep(&self, token: Fingerprint, proof: Proof) {
        self.proofs.insert(token, proof);
    }
}

/// The entries name people.
impl fmt::Debug for ProofCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofCache").field("entries", &self.proofs.len()).finish_non_exhaustive()
    }
}
