//! The tokens that an endpoint gives (RFC 6749 §5.1).

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::keycloak::Tokens;

/// Tokens of a session, or of a client.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenResponse<'a> {
    /// For `Authorization: Bearer`.
    access_token: &'a str,
    /// For new tokens when this one ends; a client's own token has none.
    refresh_token: Option<&'a str>,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: u64,
    /// Seconds until the refresh token ends.
    refresh_expires_in: Option<u64>,
    /// The scopes that were granted.
    scope: Option<&'a str>,
}

impl<'a> TokenResponse<'a> {
    /// When the access token ends is taken from the token, whatever was said beside it.
    pub(super) fn new(tokens: &'a Tokens, identity: &Identity, now: Timestamp) -> Self {
        Self {
            access_token: tokens.access_token(),
            refresh_token: tokens.refresh_token(),
            token_type: "Bearer",
            expires_in: identity.ends_at().since(now).as_secs(),
            refresh_expires_in: tokens.refresh_expires_in().map(|life| life.as_secs()),
            scope: tokens.scope(),
        }
    }
}
