//! What is told when an upstream or an endpoint of ours does not do what it was asked.

use super::{Facts, RETRY_AFTER_SECONDS};
use crate::api::{ApiError, Counted, ForeignRefreshToken};
use crate::identity::ProveError;
use crate::keycloak::{KeycloakError, RefreshTokenRefusal};
use crate::problem::Challenge;
use crate::signals::AnnounceError;
use crate::upstream::UpstreamError;

impl From<&UpstreamError> for Facts {
    fn from(error: &UpstreamError) -> Self {
        match error {
            UpstreamError::Refused => {
                Self::bad_gateway("upstream-unavailable", "No server of the application takes connections.")
            }
            UpstreamError::Unresolved => {
                Self::bad_gateway("upstream-unavailable", "The name of the application's server cannot be resolved.")
                    .because("upstream-unresolved")
            }
            UpstreamError::Tls => {
                Self::bad_gateway("upstream-unavailable", "No trusted connection to the application could be made.")
                    .because("upstream-tls")
            }
            UpstreamError::Broken => Self::bad_gateway(
                "upstream-failed",
                "The application broke off or answered with something that is not HTTP.",
            ),
            UpstreamError::Down => Self {
                retry_after: Some(RETRY_AFTER_SECONDS),
                ..Self::new(
                    503,
                    "upstream-down",
                    "The application behind the gateway is away",
                    "No server of the application answers at present. Try again after the time in Retry-After.",
                )
            },
            UpstreamError::Full => Self {
                retry_after: Some(RETRY_AFTER_SECONDS),
                ..Self::new(
                    503,
                    "upstream-full",
                    "The application behind the gateway is overloaded",
                    "Too many requests wait for the application already. Try again after the time in Retry-After.",
                )
            },
            UpstreamError::TimedOut => Self::new(
                504,
                "upstream-timeout",
                "The application behind the gateway is too slow",
                "The application did not answer in time.",
            ),
        }
    }
}

impl From<&KeycloakError> for Facts {
    fn from(error: &KeycloakError) -> Self {
        Self::unavailable("keycloak-unavailable", "Keycloak is unavailable").because(match error {
            KeycloakError::Unavailable { .. } => "keycloak-unavailable",
            KeycloakError::TimedOut => "keycloak-timed-out",
            KeycloakError::Busy { .. } => "keycloak-busy",
            KeycloakError::Malformed(_) => "keycloak-malformed",
            KeycloakError::Refused { .. } => "keycloak-refused",
            KeycloakError::NoClient => "keycloak-no-client",
        })
    }
}

impl From<&ApiError> for Facts {
    fn from(error: &ApiError) -> Self {
        match error {
            ApiError::MalformedBody(detail) => Self::new(400, "malformed-body", "The body cannot be read", detail),
            ApiError::MediaType => {
                Self::new(415, "media-type", "The body has another type", "Send 'Content-Type: application/json'.")
            }
            ApiError::TooLarge => Self::new(413, "too-large", "The request body is too large", "Send a smaller body."),
            ApiError::TooSlow => {
                Self::new(408, "request-timeout", "The request took too long", "Send the body at once.")
            }
            ApiError::InvalidCredentials => Self::new(
                401,
                "invalid-credentials",
                "The credentials are not right",
                "Check user name, password and one-time password.",
            )
            .challenging(Challenge::Plain),
            ApiError::AccountDisabled => {
                Self::new(403, "user-disabled", "This account is not active", "Ask an administrator.")
                    .because("disabled-in-keycloak")
            }
            ApiError::AccountNotSetUp => Self::new(
                403,
                "account-not-set-up",
                "This account has something to do first",
                "Sign in with the browser once and follow what it asks for.",
            ),
            ApiError::EmailNotVerified => Self::new(
                403,
                "email-not-verified",
                "The e-mail address is not verified",
                "Follow the link in the mail that was sent to you.",
            ),
            ApiError::Throttled { by, retry_after } => Self {
                retry_after: Some(u32::try_from(retry_after.as_secs() + 1).unwrap_or(u32::MAX)),
                ..Self::new(429, "too-many-tries", "Too many tries", "Try again after the time in Retry-After.")
                    .because(match by {
                        Counted::Name => "name-throttled",
                        Counted::Address => "address-throttled",
                        Counted::Caller => "caller-throttled",
                        Counted::Refused => "refused-tokens-throttled",
                        Counted::AtOnce => "too-many-at-once",
                    })
            },
            ApiError::InvalidClient => {
                Self::new(401, "invalid-client", "The client is not known", "Check the client's name and secret.")
                    .challenging(Challenge::Client)
            }
            ApiError::ForeignRefreshToken(foreign) => Self::bad_refresh_token(match foreign {
                ForeignRefreshToken::Kind => "no-refresh-token",
                ForeignRefreshToken::Issuer => "refresh-token-issuer",
                ForeignRefreshToken::Client => "refresh-token-client",
                ForeignRefreshToken::Expired => "refresh-token-expired",
            }),
            ApiError::RefreshTokenRefused(refusal) => Self::bad_refresh_token(match refusal {
                RefreshTokenRefusal::Reused => "refresh-token-reused",
                RefreshTokenRefusal::SessionOver => "session-over",
                RefreshTokenRefusal::AccountDisabled | RefreshTokenRefusal::Invalid => "refresh-token-refused",
            }),
            ApiError::SessionEnded => Self::bad_refresh_token("session-ended"),
            ApiError::Keycloak(error) => error.as_ref().into(),
            ApiError::ForeignToken => {
                Self::unavailable("keycloak-unavailable", "Keycloak is unavailable").because("foreign-token")
            }
            ApiError::Signal(ProveError::Token(error)) => Self::new(
                400,
                "invalid-signal",
                "The statement cannot be believed",
                "It is not signed by an issuer of ours, not for us, not for this endpoint, or its time is over.",
            )
            .because(error.reason()),
            ApiError::Signal(error @ ProveError::KeysUnavailable { .. }) => error.into(),
            ApiError::Unannounced(AnnounceError::Unwritten(error)) => error.as_ref().into(),
            ApiError::Unannounced(AnnounceError::Untold) => {
                Self::unavailable("database-unavailable", "The users database is unavailable").because("untold")
            }
        }
    }
}
