//! What a rejection means to a client: status, name, public text, challenge. Every variant has its own arm, in the
//! file of the step that refuses.

mod answering;
mod deciding;
mod identifying;
mod reading;

use super::{Challenge, Rejection};

/// The public face of a rejection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// HTTP status.
    pub status: u16,
    /// Last segment of the problem's `type`.
    pub kind: &'static str,
    /// The problem's `title`.
    pub title: &'static str,
    /// The problem's `detail`: what the client can do.
    pub detail: &'static str,
    /// The label of metrics and logs: finer than `kind`, and from a closed set.
    pub reason: &'static str,
    /// `WWW-Authenticate`.
    pub challenge: Option<Challenge>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
}

impl Facts {
    fn new(status: u16, kind: &'static str, title: &'static str, detail: &'static str) -> Self {
        Self { status, kind, title, detail, reason: kind, challenge: None, retry_after: None }
    }

    fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }

    fn challenging(self, challenge: Challenge) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    fn unavailable(kind: &'static str, title: &'static str) -> Self {
        let detail = "A part that the gateway depends on does not answer. Try again after the time in Retry-After.";
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..Self::new(503, kind, title, detail) }
    }

    /// One public text for every bad token (RFC 6750 §3.1); the reason stays here.
    fn bad_token(reason: &'static str) -> Self {
        let detail = "The access token is not valid here. Get a new one and try again.";
        Self::new(401, "invalid-token", "The access token is not valid", detail)
            .because(reason)
            .challenging(Challenge::InvalidToken)
    }

    /// One public text for every bad refresh token, likewise.
    fn bad_refresh_token(reason: &'static str) -> Self {
        let detail = "The refresh token is not valid here, or not any more. Log in again.";
        Self::new(401, "invalid-refresh-token", "The refresh token is not valid", detail)
            .because(reason)
            .challenging(Challenge::Plain)
    }

    fn bad_request(reason: &'static str, detail: &'static str) -> Self {
        Self::new(400, "bad-request", "The request cannot be read", detail).because(reason)
    }

    fn bad_gateway(kind: &'static str, detail: &'static str) -> Self {
        Self::new(502, kind, "The application behind the gateway failed", detail)
    }
}

impl From<&Rejection> for Facts {
    fn from(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::Head(error) => error.into(),
            Rejection::Request(error) => error.into(),
            Rejection::Route(error) => error.into(),
            Rejection::Credential(error) => error.into(),
            Rejection::Prove(error) => error.into(),
            Rejection::Enrich(error) => error.into(),
            Rejection::Dead(death) => (*death).into(),
            Rejection::Blind => {
                Self::unavailable("database-unavailable", "The users database is unavailable").because("blind")
            }
            Rejection::Unasked(error) => error.as_ref().into(),
            Rejection::Unsettled => {
                Self::unavailable("database-unavailable", "The users database is unavailable").because("unsettled")
            }
            Rejection::Denied(denial, _) => denial.into(),
            Rejection::Forward(error) => error.into(),
            Rejection::Upstream(error) => error.into(),
            Rejection::Api(error) => error.into(),
            Rejection::Internal => Self::new(
                500,
                "internal",
                "The gateway failed",
                "This is a defect of the gateway. Its log says more under the request id in 'instance'.",
            ),
        }
    }
}

/// Short: what is away is usually back soon, and a client that waits long is a client lost.
const RETRY_AFTER_SECONDS: u32 = 2;
