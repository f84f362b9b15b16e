//! What is told when an upstream or an endpoint of ours does not do what it was asked.

use super::Facts;
use crate::api::ApiError;
use crate::problem::Challenge;
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
            UpstreamError::TimedOut => Self::new(
                504,
                "upstream-timeout",
                "The application behind the gateway is too slow",
                "The application did not answer in time.",
            ),
        }
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
            ApiError::Keycloak(_) => Self::unavailable("keycloak-unavailable", "Keycloak is unavailable"),
            ApiError::ForeignToken => {
                Self::unavailable("keycloak-unavailable", "Keycloak is unavailable").because("foreign-token")
            }
        }
    }
}
