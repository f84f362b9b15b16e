//! Why an endpoint of ours does not do what it was asked to.

use std::sync::Arc;

use crate::keycloak::KeycloakError;

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
    /// Wrong, unknown, locked: one answer.
    #[error("Keycloak refused the credentials")]
    InvalidCredentials,
    /// The right password of an account that is switched off in Keycloak.
    #[error("the account is disabled in Keycloak")]
    AccountDisabled,
    /// The right password of an account that has something to do first.
    #[error("the account has a required action pending")]
    AccountNotSetUp,
    /// The right password, and the e-mail address is not verified.
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// Keycloak did not answer, or not in a way that can be understood.
    #[error("Keycloak is unavailable")]
    Keycloak(#[source] Arc<KeycloakError>),
    /// Keycloak answered with a token that the gateway itself does not accept: a setting is wrong.
    #[error("Keycloak issued a token that this gateway does not accept")]
    ForeignToken,
}
