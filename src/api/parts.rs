//! What the endpoints work with.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::counters::Counters;
use super::flights::Flights;
use super::refresh_token::UnverifiedRefreshToken;
use super::turns::Turns;
use super::{ApiError, ThrottleMetrics};
use crate::clock::{Boot, Clock};
use crate::config::{Auth, Throttling};
use crate::gateway::Gateway;
use crate::identity::{Identities, Identity, ProveError};
use crate::keycloak::{Admin, Oidc};
use crate::problem::Rejection;
use crate::signals::{AnnounceError, Announcer, Extent, Signals, end_of};
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
    pub fn new(limits: Throttling, metrics: &ThrottleMetrics, clock: &Clock) -> Self {
        Self {
            counters: Counters::new(limits, metrics, clock),
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

    /// Lets the session of a refresh token that Keycloak has judged be dead here at once, and everywhere when this
    /// returns, or the client's part of it. Of a token without `sid` nobody knows the session: then everything of its
    /// subject that was issued so far.
    pub(super) async fn bury(
        &self,
        token: &UnverifiedRefreshToken,
        extent: Extent,
        arrived: Boot,
    ) -> Result<(), AnnounceError> {
        let now = self.clock.wall().plus(CLOCKS_APART);
        let moment = token.issued_at().map_or(now, |issued| issued.max(now));
        let change = end_of(self.oidc.issuer().into(), token.sid(), token.sub(), (extent, moment));
        self.announcer.announce(&[change], arrived).await
    }

    /// Ends a session that must not be used: here at once, and at Keycloak. Without `sid` nothing of it is known but
    /// this token.
    pub(super) async fn end_session(&self, identity: &Identity, refresh_token: Option<&str>, arrived: Boot) {
        let ending = self.end_at_keycloak(refresh_token);
        let (issuer, sub) = (Arc::clone(identity.subject().issuer()), identity.subject().sub());
        let dead = match (identity.sid(), identity.jti()) {
            (Some(_), _) => Some(end_of(issuer, identity.sid(), sub, (Extent::Session, self.clock.wall()))),
            (None, Some(jti)) => {
                Some(Change { issuer, kind: ChangeKind::Token, key: Arc::clone(jti), not_before: None })
            }
            (None, None) => None,
        };
        if let Err(error) = self.announcer.announce(dead.as_slice(), arrived).await {
            warn!(
                error = &error as &dyn std::error::Error,
                "the end of a session could not be told to every node in time"
            );
        }
        // It goes on, whoever waits.
        let _ = tokio::time::timeout(self.left(arrived), ending).await;
    }

    /// What is left of the time in which a request is answered.
    pub(super) fn left(&self, arrived: Boot) -> Duration {
        PATIENCE.saturating_sub(self.clock.boot().since(arrived))
    }

    /// Ends the session of a refresh token at Keycloak, whoever waits for that; that it could not be is logged.
    pub(super) fn end_at_keycloak(&self, refresh_token: Option<&str>) -> impl Future<Output = ()> + use<> {
        let ending = refresh_token.map(|token| {
            let (oidc, token) = (Arc::clone(&self.oidc), token.to_owned());
            tokio::spawn(async move {
                if let Err(error) = oidc.logout(&token, None).await {
                    warn!(error = &error as &dyn std::error::Error, "a session could not be ended at Keycloak");
                }
            })
        });
        async move {
            if let Some(ending) = ending {
                // It has logged what went wrong.
                let _ = ending.await;
            }
        }
    }
}

/// How far the clock by which Keycloak issues tokens may be ahead of ours.
const CLOCKS_APART: Duration = Duration::from_secs(2);

/// From the request to its answer, as far as Keycloak is waited for. A call that was made goes on.
const PATIENCE: Duration = Duration::from_secs(5);
