//! From a signed statement of an issuer, which is no access token, to what it says.

use std::sync::Arc;
use std::time::Duration;

use super::TokenError;
use super::claims::UnverifiedClaims;
use super::jws::UnverifiedJws;
use super::verifier::Trusted;
use crate::clock::Timestamp;
use crate::config::Issuer;
use crate::identity::keys::{IssuerKeys, Key};

/// The end of a session, as its issuer tells it (OpenID Connect Back-Channel Logout 1.0 §2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    /// Whose session.
    pub(super) issuer: Arc<str>,
    /// Which one; without it, all of the subject.
    pub(super) sid: Option<Arc<str>>,
    /// Whose it is.
    pub(super) sub: Option<Arc<str>>,
    /// The name of this token, which no other has.
    pub(super) jti: Arc<str>,
    /// When it was made.
    pub(super) issued_at: Timestamp,
}

/// What a realm orders the applications that have an admin URL to do; Keycloak's own protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Whose order it is.
    pub(super) issuer: Arc<str>,
    /// What is to be done.
    pub(super) action: Action,
    /// What was issued before it is dead; in whole seconds, and nothing where it was cleared.
    pub(super) not_before: Option<i64>,
    /// The name of this order, which no other has.
    pub(super) id: Arc<str>,
}

/// What an order is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `k_logout`: every session ends.
    Logout,
    /// `k_push_not_before`: what was issued before is dead.
    PushNotBefore,
}

/// A statement that keeps every rule; only the signature is open.
#[derive(Debug)]
pub(in crate::identity) struct UnprovenStatement<'a, S> {
    jws: UnverifiedJws<'a>,
    statement: S,
    keys: &'a Arc<IssuerKeys>,
}

impl LogoutToken {
    /// Exactly its `iss`.
    #[must_use]
    pub fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// The session that has ended.
    #[must_use]
    pub fn sid(&self) -> Option<&Arc<str>> {
        self.sid.as_ref()
    }

    /// The subject whose session it was, or all of whose sessions have ended.
    #[must_use]
    pub fn sub(&self) -> Option<&Arc<str>> {
        self.sub.as_ref()
    }

    /// Its name.
    #[must_use]
    pub fn jti(&self) -> &Arc<str> {
        &self.jti
    }

    /// When it was made, by the issuer's clock.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    pub(super) fn judge<'a>(
        jws: UnverifiedJws<'a>,
        trusted: &'a Trusted,
        now: Timestamp,
    ) -> Result<UnprovenStatement<'a, Self>, TokenError> {
        let statement = UnverifiedClaims::parse(&jws.payload)?.judge_logout(&trusted.settings, &jws.header, now)?;
        UnprovenStatement::of(jws, statement, trusted)
    }
}

impl Order {
    /// The issuer of the realm.
    #[must_use]
    pub fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// What is to be done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// What was issued before it is dead, in seconds of the issuer's clock.
    #[must_use]
    pub fn not_before(&self) -> Option<i64> {
        self.not_before
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub(super) fn judge<'a>(
        jws: UnverifiedJws<'a>,
        trusted: &'a Trusted,
        now: Timestamp,
    ) -> Result<UnprovenStatement<'a, Self>, TokenError> {
        let statement = UnverifiedClaims::parse(&jws.payload)?.judge_order(&trusted.settings, &jws.header, now)?;
        UnprovenStatement::of(jws, statement, trusted)
    }
}

impl Action {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "LOGOUT" => Some(Self::Logout),
            "PUSH_NOT_BEFORE" => Some(Self::PushNotBefore),
            _ => None,
        }
    }
}

impl<'a, S> UnprovenStatement<'a, S> {
    fn of(jws: UnverifiedJws<'a>, statement: S, trusted: &'a Trusted) -> Result<Self, TokenError> {
        if trusted.settings.algorithms.contains(&jws.header.algorithm) {
            Ok(Self { jws, statement, keys: &trusted.keys })
        } else {
            Err(TokenError::Algorithm)
        }
    }

    pub(in crate::identity) fn kid(&self) -> &str {
        &self.jws.header.kid
    }

    pub(in crate::identity) fn keys(&self) -> &Arc<IssuerKeys> {
        self.keys
    }

    /// Verifies the signature.
    pub(in crate::identity) fn prove(self, key: &Key) -> Result<S, TokenError> {
        self.jws.verify(key)?;
        Ok(self.statement)
    }
}

/// The clients that a statement may be for: our own, and those whose tokens are accepted.
pub(super) fn is_for_us(issuer: &Issuer, client: &str) -> bool {
    issuer.client.as_ref().is_some_and(|ours| ours.id == client)
        || issuer.allowed_clients.iter().any(|allowed| allowed == client)
}

/// The member of `events` that makes a logout token (§2.4).
pub(super) const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Keycloak gives a logout token two minutes, and an order half a minute. A statement that claims to live for longer,
/// or is older, is not what it seems.
pub(super) const STATEMENT_LIFE: Duration = Duration::from_secs(600);

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;
