//! Why an endpoint of ours does not do what it was asked to.

use std::sync::Arc;
use std::time::Duration;

use super::ForeignRefreshToken;
use crate::identity::ProveError;
use crate::keycloak::{KeycloakError, RefreshTokenRefusal};
use crate::signals::AnnounceError;

/// The refusals of the `/auth` endpoints.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is not the JSON that the endpoint takes.
    #[error("the request body is not valid: {0}")]
    MalformedBody(&'static str),
    /// The body is not `application/json`.
    #[error("the request body is not application/json")]
    MediaType,
    /// The body is larger than the endpoint takes.
    #[error("the request body is too large")]
    TooLarge,
    /// The body did not arrive in time.
    #[error("the request body did not arrive in time")]
    TooSlow,
    /// Too many tries.
    #[error("too many tries")]
    Throttled {
        /// Whose tries were counted.
        by: Counted,
        /// When the next may come.
        retry_after: Duration,
    },
    /// Wrong, unknown, locked: one answer.
    #[error("Keycloak refused the credentials")]
    InvalidCredentials,
    /// Name and secret are not those of our client.
    #[error("the client's name or secret is wrong")]
    InvalidClient,
    /// The right password of an account that is switched off in Keycloak; or its refresh token.
    #[error("the account is disabled in Keycloak")]
    AccountDisabled,
    /// The right password of an account that has something to do first.
    #[error("the account has a required action pending")]
    AccountNotSetUp,
    /// The right password, and the e-mail address is not verified.
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// It cannot be a refresh token of ours.
    #[error("the refresh token is not ours")]
    ForeignRefreshToken(#[from] ForeignRefreshToken),
    /// Keycloak refused the refresh token.
    #[error("Keycloak refused the refresh token: {0}")]
    RefreshTokenRefused(RefreshTokenRefusal),
    /// The session ended while its tokens were being renewed.
    #[error("the session of the refresh token has ended")]
    SessionEnded,
    /// Keycloak did not answer, or not in a way that can be understood.
    #[error("Keycloak is unavailable")]
    Keycloak(#[source] Arc<KeycloakError>),
    /// Keycloak answered with a token that the gateway itself does not accept: a setting is wrong.
    #[error("Keycloak issued a token that this gateway does not accept")]
    ForeignToken,
    /// What claims to be a statement of Keycloak's is none, or nobody knows.
    #[error("the signal cannot be believed")]
    Signal(#[source] ProveError),
    /// What must be known on every node could not be told in time.
    #[error("the end of a session could not be told to every node")]
    Unannounced(#[source] AnnounceError),
}

/// Whose tries are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Log-ins of one name.
    Name,
    /// Log-ins, or wrong secrets of clients, from one address.
    Address,
    /// Validations by one caller.
    Caller,
    /// Refresh tokens from one address that Keycloak refused.
    Refused,
    /// Calls to Keycloak that are made for one address at once.
    AtOnce,
}

impl From<KeycloakError> for ApiError {
    fn from(error: KeycloakError) -> Self {
        Self::Keycloak(Arc::new(error))
    }
}
