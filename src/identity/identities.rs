//! From a bearer token to an identity: known from before, or verified now.

use std::sync::Arc;
use std::time::Duration;

use super::keys::{IssuerKeys, KeyError};
use super::token::{Proof, ProofCache, TokenError, TokenMetrics, UnprovenStatement, Verifier};
use super::{Identity, LogoutToken, Order};
use crate::clock::Timestamp;
use crate::config::Issuer;
use crate::keycloak::Introspection;
use crate::patience;

/// Proves identities by the tokens of all accepted issuers. What was proven is forgotten together with this
/// value, so new settings of an issuer mean a new `Identities`; the keys may be carried over.
#[derive(Debug)]
pub struct Identities {
    verifier: Verifier,
    proofs: ProofCache,
    metrics: TokenMetrics,
}

/// Why a credential proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The token is not good: 401.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The issuer's keys cannot be read, so nobody knows: 503.
    #[error("the keys of the issuer {issuer} are not available")]
    KeysUnavailable {
        /// The short name of the issuer.
        issuer: Arc<str>,
    },
}

impl Identities {
    /// Proves by the tokens of these issuers, each with its keys; remembers at most `capacity` tokens.
    #[must_use]
    pub fn new(issuers: Vec<(Issuer, Arc<IssuerKeys>)>, capacity: usize, metrics: TokenMetrics) -> Self {
        let proofs = ProofCache::new(capacity, metrics.clone());
        Self { verifier: Verifier::new(issuers), proofs, metrics }
    }

    /// The identity of a token that was proven before, where its key, its issuer's keys and its time still hold.
    #[must_use]
    pub fn known(&self, token: &str, now: Timestamp) -> Option<Arc<Identity>> {
        self.proofs.find(&self.proofs.fingerprint(token)?, now)
    }

    /// The identity that a bearer token proves. Awaits only where its key is new.
    ///
    /// # Errors
    /// The token is not good, or its issuer's keys are not available.
    pub async fn prove_bearer(&self, token: &str, now: Timestamp) -> Result<Arc<Identity>, ProveError> {
        let result = self.prove(token, now).await;
        if let Err(ProveError::Token(error)) = &result {
            self.metrics.refused(*error);
        }
        result
    }

    /// The identity behind one of our client's refresh tokens, as the issuer describes it.
    ///
    /// # Errors
    /// What the issuer describes is no refresh token of ours.
    pub fn described(&self, said: &Introspection, now: Timestamp) -> Result<Arc<Identity>, TokenError> {
        self.verifier.describe(said, now).map(Arc::new)
    }

    /// What a logout token says.
    ///
    /// # Errors
    /// It is not good, or its issuer's keys are not available.
    pub async fn read_logout(&self, token: &str, now: Timestamp) -> Result<LogoutToken, ProveError> {
        proven(self.verifier.judge_logout(token, now)?).await
    }

    /// What an order of the realm of that short name says.
    ///
    /// # Errors
    /// It is not good, or the realm's keys are not available.
    pub async fn read_order(&self, realm: &str, order: &str, now: Timestamp) -> Result<Order, ProveError> {
        proven(self.verifier.judge_order(realm, order, now)?).await
    }

    /// The keys of every issuer.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<IssuerKeys>> {
        self.verifier.keys()
    }

    /// Brings the gauges of all keys up to date; to be called before they are read.
    pub fn observe(&self) {
        for (index, keys) in self.keys().enumerate() {
            if index == 0 {
                keys.begin_to_observe();
            }
            keys.observe();
        }
    }

    /// Forgets the tokens that have expired, or whose key is gone.
    pub fn sweep(&self, now: Timestamp) {
        self.proofs.sweep(now);
    }

    async fn prove(&self, token: &str, now: Timestamp) -> Result<Arc<Identity>, ProveError> {
        let fingerprint = self.proofs.fingerprint(token);
        if let Some(identity) = fingerprint.and_then(|fingerprint| self.proofs.find(&fingerprint, now)) {
            return Ok(identity);
        }
        let proof = self.verify(token, now).await?;
        let identity = Arc::clone(&proof.identity);
        if let Some(fingerprint) = fingerprint {
            self.proofs.keep(fingerprint, proof);
        }
        Ok(identity)
    }

    async fn verify(&self, token: &str, now: Timestamp) -> Result<Proof, ProveError> {
        let candidate = self.verifier.judge(token, now)?;
        let keys = candidate.keys();
        match keys.find(candidate.kid()).await {
            Ok(key) => Ok(candidate.prove(key)?),
            Err(KeyError::Unknown) => Err(TokenError::UnknownKey.into()),
            Err(KeyError::Unavailable) => Err(ProveError::KeysUnavailable { issuer: Arc::clone(keys.issuer()) }),
        }
    }
}

/// Whoever sends a statement waits for the answer, and stops waiting after 5 s: the keys get a short part of it.
async fn proven<S>(statement: UnprovenStatement<'_, S>) -> Result<S, ProveError> {
    let keys = statement.keys();
    match patience::within(KEY_WAIT, keys.find(statement.kid())).await {
        Ok(Ok(key)) => Ok(statement.prove(&key)?),
        Ok(Err(KeyError::Unknown)) => Err(TokenError::UnknownKey.into()),
        Ok(Err(KeyError::Unavailable)) | Err(_) => {
            Err(ProveError::KeysUnavailable { issuer: Arc::clone(keys.issuer()) })
        }
    }
}

const KEY_WAIT: Duration = Duration::from_millis(750);

#[cfg(test)]
#[path = "identities_tests.rs"]
mod tests;
