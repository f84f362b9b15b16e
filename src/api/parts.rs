//! What the endpoints work with.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::ApiError;
use super::counters::Counters;
use super::flights::Flights;
use super::turns::Turns;
use crate::clock::Clock;
use crate::config::{Auth, Throttling};
use crate::gateway::Gateway;
use crate::identity::{Identities, Identity, ProveError};
use crate::keycloak::{Admin, Oidc};
use crate::problem::Rejection;
use crate::signals::{AnnounceError, Announcer, Signals};
use crate::standing::Standing;
use crate::store::{Change, ChangeKind, Ledger};

/// The services behind the endpoints.
pub struct Parts {
    /// Judges the tokens that Keycloak gives, as it judges those that clients bring.
    pub gateway: Arc<Gateway>,
    /// Reads what Keycloak says of tokens that only it can judge.
    pub identities: Arc<Identities>,
    /// Our own realm.
    pub oidc: Arc<Oidc>,
    /// Its Admin API, where its address can be told.
    pub admin: Option<Admin>,
    /// What is dead.
    pub standing: Arc<Standing>,
    /// Tells every node what has died.
    pub announcer: Arc<Announcer>,
    /// Takes what Keycloak tells by signed statements.
    pub signals: Arc<Signals>,
    /// The accounts.
    pub ledger: Arc<dyn Ledger>,
    /// The clock.
    pub clock: Clock,
}

/// What the endpoints keep from one request to the next, and a reload does not touch.
pub struct Kept {
    counters: Counters,
    turns: Arc<Turns>,
    flights: Flights,
}

/// The services and what the endpoints keep of their own.
pub(super) struct Desk {
    pub(super) parts: Parts,
    pub(super) counters: Counters,
    pub(super) turns: Arc<Turns>,
    pub(super) flights: Arc<Flights>,
    /// `[auth] require_verified_email`.
    pub(super) require_verified_email: bool,
    /// The OpenAPI document.
    pub(super) document: serde_json::Value,
}

impl Desk {
    pub(super) fn new(auth: &Auth, parts: Parts, kept: &Kept, document: serde_json::Value) -> Self {
        Self {
            counters: kept.counters.limited(auth.throttle),
            turns: Arc::clone(&kept.turns),
            flights: Arc::new(kept.flights.replaying(auth.refresh_replay)),
            require_verified_email: auth.require_verified_email,
            document,
            parts,
        }
    }
}

impl Kept {
    /// Nothing yet.
    #[must_use]
    pub fn new(limits: Throttling, clock: &Clock) -> Self {
        Self {
            counters: Counters::new(limits, clock),
            turns: Arc::default(),
            flights: Flights::new(Duration::ZERO, clock.clone()),
        }
    }
}

impl Parts {
    /// Proves a token that Keycloak gave us a moment ago. That our own rules refuse it is a wrong setting, which only
    /// an operator can put right.
    pub(super) async fn prove_fresh(&self, access_token: &str) -> Result<Arc<Identity>, Rejection> {
        self.gateway.prove_bearer(access_token).await.map_err(|error| match error {
            ProveError::KeysUnavailable { .. } => error.into(),
            ProveError::Token(_) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "Keycloak issued a token that this gateway does not accept: compare issuer, audience, algorithms and clients"
                );
                ApiError::ForeignToken.into()
            }
        })
    }

    /// Lets a session of our own realm be dead here at once, and everywhere when this returns.
    pub(super) async fn bury(&self, sid: &Arc<str>) -> Result<(), AnnounceError> {
        let change = Change {
            issuer: self.oidc.issuer().into(),
            kind: ChangeKind::Session,
            key: Arc::clone(sid),
            not_before: None,
        };
        self.announcer.announce(std::slice::from_ref(&change), self.clock.boot()).await
    }

    /// Ends a session that must not be used: here at once, and at Keycloak.
    pub(super) async fn end_session(&self, identity: &Identity, refresh_token: Option<&str>) {
        if let Some(sid) = identity.sid()
            && let Err(error) = self.bury(sid).await
        {
            warn!(error = &error as &dyn std::error::Error, "the end of a session could not be written to the log");
        }
        self.end_at_keycloak(refresh_token).await;
    }

    /// Ends the session of a refresh token at Keycloak; that it could not be is logged.
    pub(super) async fn end_at_keycloak(&self, refresh_token: Option<&str>) {
        if let Some(token) = refresh_token
            && let Err(error) = self.oidc.logout(token, None).await
        {
            warn!(error = &error as &dyn std::error::Error, "a session could not be ended at Keycloak");
        }
    }
}
