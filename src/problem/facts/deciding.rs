//! What is told to whom a route does not let in, or does not carry.

use super::Facts;
use crate::forward::ForwardError;
use crate::policy::Denial;
use crate::problem::Challenge;

impl From<&Denial> for Facts {
    fn from(denial: &Denial) -> Self {
        let forbidden = |kind, detail| Self::new(403, kind, "This is not allowed", detail);
        let weak = |detail| Self::new(401, "insufficient-user-authentication", "Sign in again", detail);
        match denial {
            Denial::Role => forbidden("role-required", "A role that this route asks for is missing.")
                .challenging(Challenge::InsufficientScope(Vec::new())),
            Denial::Permission => forbidden("permission-required", "A permission that this route asks for is missing.")
                .challenging(Challenge::InsufficientScope(Vec::new())),
            Denial::Scope(scopes) => forbidden("scope-required", "The token lacks a scope that this route asks for.")
                .challenging(Challenge::InsufficientScope(scopes.clone())),
            Denial::Audience => Self::bad_token("route-audience"),
            Denial::Acr(acr) => weak("This route asks for a stronger authentication (RFC 9470).")
                .because("acr")
                .challenging(Challenge::StrongerAuthentication { acr: acr.clone(), max_age: None }),
            Denial::MaxAge(seconds) => weak("This route asks for a more recent authentication (RFC 9470).")
                .because("max-age")
                .challenging(Challenge::StrongerAuthentication { acr: Vec::new(), max_age: Some(*seconds) }),
        }
    }
}

impl From<&ForwardError> for Facts {
    fn from(error: &ForwardError) -> Self {
        match error {
            ForwardError::EncodedSlash => Self::bad_request("encoded-slash", "This route takes no '%2F' in the path."),
            ForwardError::Upgrade => Self::bad_request("upgrade-not-allowed", "This route takes no WebSocket."),
            ForwardError::TooLarge => {
                Self::new(413, "too-large", "The request body is too large", "Send a smaller body.")
            }
        }
    }
}
