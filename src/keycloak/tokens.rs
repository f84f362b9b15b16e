//! What the token endpoint gives.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// Tokens of one grant; never printed.
#[derive(Clone, Deserialize)]
pub struct Tokens {
    access_token: String,
    refresh_token: Option<String>,
    token_type: String,
    expires_in: u64,
    refresh_expires_in: Option<u64>,
    scope: Option<String>,
}

impl Tokens {
    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// The refresh token; a client's own grant has none.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_deref()
    }

    /// How long the access token lives.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        Duration::from_secs(self.expires_in)
    }

    /// How long the refresh token lives, where there is one and it ends.
    #[must_use]
    pub fn refresh_expires_in(&self) -> Option<Duration> {
        self.refresh_expires_in.filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }

    /// The scopes that were granted, as Keycloak writes them.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Whether this is an answer that can be used: a bearer token that is not empty.
    pub(super) fn are_bearer(&self) -> bool {
        self.token_type.eq_ignore_ascii_case("bearer") && !self.access_token.is_empty()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}
