//! What the endpoints work with.

use std::sync::Arc;

use tracing::warn;

use crate::clock::Clock;
use crate::gateway::Gateway;
use crate::identity::Identity;
use crate::keycloak::Oidc;
use crate::standing::Standing;
use crate::store::{Change, ChangeKind, ChangeLog};

/// The services behind the endpoints.
pub struct Parts {
    /// Judges the tokens that Keycloak gives, as it judges those that clients bring.
    pub gateway: Arc<Gateway>,
    /// Our own realm.
    pub oidc: Oidc,
    /// What is dead.
    pub standing: Arc<Standing>,
    /// Where what dies is written.
    pub log: Arc<dyn ChangeLog>,
    /// The clock.
    pub clock: Clock,
    /// `[auth] require_verified_email`.
    pub require_verified_email: bool,
    /// The OpenAPI document; the table that it is made of fills it in.
    pub document: serde_json::Value,
}

impl Parts {
    /// Ends a session that was made a moment ago and must not be used: at Keycloak, and here at once.
    pub(super) async fn end_session(&self, identity: &Identity, refresh_token: Option<&str>) {
        if let Some(sid) = identity.sid() {
            let change = Change {
                issuer: Arc::clone(identity.subject().issuer()),
                kind: ChangeKind::Session,
                key: Arc::clone(sid),
                not_before: None,
            };
            self.standing.learn(&change);
            if let Err(error) = self.log.record(std::slice::from_ref(&change)).await {
                warn!(error = &error as &dyn std::error::Error, "the end of a session could not be written to the log");
            }
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
