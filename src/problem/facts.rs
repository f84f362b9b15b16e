//! What a rejection means to a client: status, name, public text, challenge. Every variant has its own arm.

use crate::api::ApiError;
use crate::forward::ForwardError;
use crate::identity::ProveError;
use crate::listener::HeadError;
use crate::policy::Denial;
use crate::problem::{Challenge, Rejection};
use crate::request::{CredentialError, RequestError};
use crate::rights::EnrichError;
use crate::routing::RouteError;
use crate::standing::Death;
use crate::store::StoreError;
use crate::upstream::UpstreamError;

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
            Rejection::Unsettled => {
                Self::unavailable("database-unavailable", "The users database is unavailable").because("unsettled")
            }
            Rejection::Denied(denial) => denial.into(),
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

impl From<&HeadError> for Facts {
    fn from(error: &HeadError) -> Self {
        match error {
            HeadError::TooSlow => Self::new(
                408,
                "request-timeout",
                "The request took too long",
                "Send the whole head of the request at once.",
            ),
            HeadError::TooLarge => Self::new(
                431,
                "header-too-large",
                "The head of the request is too large",
                "Send fewer or shorter header fields.",
            ),
            HeadError::TooManyFields => {
                Self::new(431, "header-too-large", "The head of the request is too large", "Send fewer header fields.")
                    .because("too-many-fields")
            }
            HeadError::TooManyConnections => Self::unavailable("too-many-connections", "The gateway is full"),
            HeadError::RequestLine => {
                Self::bad_request("request-line", "The request line is not 'METHOD target HTTP/1.1'.")
            }
            HeadError::Version => Self::new(505, "http-version", "The HTTP version is not supported", "Use HTTP/1.1."),
            HeadError::BareLineFeed => Self::bad_request("bare-line-feed", "Every line of the head ends with CR LF."),
            HeadError::Folded => {
                Self::bad_request("folded-field", "A header field stands on one line (RFC 9112 §5.2).")
            }
            HeadError::FieldName => {
                Self::bad_request("field-name", "The name of a header field is not a token (RFC 9110 §5.6.2).")
            }
            HeadError::FieldValue => {
                Self::bad_request("field-value", "The value of a header field holds a control character.")
            }
            HeadError::Host => Self::bad_request("several-hosts", "The request names exactly one host."),
            HeadError::Framing => {
                Self::bad_request("framing", "The length of the body is said in exactly one way (RFC 9112 §6).")
            }
            HeadError::Expectation => Self::new(
                417,
                "expectation",
                "The expectation is not supported",
                "Send 'Expect: 100-continue' or no Expect at all.",
            ),
        }
    }
}

impl From<&RequestError> for Facts {
    fn from(error: &RequestError) -> Self {
        match error {
            RequestError::Method => Self::new(
                405,
                "method",
                "The method is not allowed",
                "The gateway carries GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS.",
            )
            .because("unknown-method"),
            RequestError::Target => {
                Self::bad_request("target", "The request target begins with '/' (RFC 9112 §3.2.1).")
            }
            RequestError::Query => {
                Self::bad_request("query", "The query holds visible ASCII only; escape everything else.")
            }
            RequestError::Path(_) => Self::bad_request(
                "path",
                "The path can be read in more than one way: no '.' or '..' segments, no '//', no ';', no backslash, no escapes of letters, digits, '-', '.', '_' or '~'.",
            ),
            RequestError::Host(_) => {
                Self::bad_request("host", "The request names exactly one valid host, without a trailing dot.")
            }
            RequestError::Connection => {
                Self::bad_request("connection", "Connection names hop-by-hop fields only (RFC 9110 §7.6.1).")
            }
            RequestError::Body => Self::bad_request("body", "The body is framed as announced."),
            RequestError::Stalled => {
                Self::new(408, "request-timeout", "The request took too long", "Send the body at once.")
                    .because("stalled")
            }
            RequestError::Upgrade => {
                Self::bad_request("upgrade", "The only upgrade is a complete WebSocket handshake (RFC 6455 §4.1).")
            }
        }
    }
}

impl From<&RouteError> for Facts {
    fn from(error: &RouteError) -> Self {
        match error {
            RouteError::NotFound => {
                Self::new(404, "no-route", "Nothing is here", "No route of the gateway has this host and path.")
            }
            RouteError::MethodNotAllowed { .. } => Self::new(
                405,
                "method",
                "The method is not allowed",
                "The Allow header lists the methods of this path.",
            ),
        }
    }
}

impl From<&CredentialError> for Facts {
    fn from(error: &CredentialError) -> Self {
        match error {
            CredentialError::Missing => {
                Self::new(401, "unauthenticated", "Sign in first", "Send an access token in 'Authorization: Bearer'.")
                    .challenging(Challenge::Plain)
            }
            CredentialError::Several => Self::new(
                400,
                "several-credentials",
                "Two credentials at once",
                "Send exactly one access token, in 'Authorization: Bearer'.",
            )
            .challenging(Challenge::InvalidRequest),
            CredentialError::Unreadable => Self::bad_token("unreadable"),
        }
    }
}

impl From<&ProveError> for Facts {
    fn from(error: &ProveError) -> Self {
        match error {
            ProveError::Token(error) => Self::bad_token(error.reason()),
            ProveError::KeysUnavailable { .. } => {
                Self::unavailable("keycloak-unavailable", "The keys of Keycloak are unavailable")
                    .because("keys-unavailable")
            }
        }
    }
}

impl From<&EnrichError> for Facts {
    fn from(error: &EnrichError) -> Self {
        match error {
            EnrichError::UnknownUser(_) => {
                Self::new(403, "unknown-user", "This user has no account here", "Ask an administrator for an account.")
            }
            EnrichError::NotActive(..) => {
                Self::new(403, "user-disabled", "This account is not active", "Ask an administrator.")
            }
            EnrichError::NotProvisioned(_) => Self::new(
                403,
                "unknown-user",
                "This user has no account here",
                "No account could be made; ask an administrator.",
            )
            .because("not-provisioned"),
            EnrichError::Store(error) => error.as_ref().into(),
            EnrichError::UnknownRole => {
                Self::unavailable("database-unavailable", "The users database is unavailable").because("unknown-role")
            }
        }
    }
}

impl From<&StoreError> for Facts {
    fn from(error: &StoreError) -> Self {
        let unavailable = || Self::unavailable("database-unavailable", "The users database is unavailable");
        match error {
            StoreError::Unavailable { .. } | StoreError::Schema(_) => unavailable(),
            StoreError::TimedOut(_) => unavailable().because("database-timeout"),
            StoreError::RowInvalid(_) => Self {
                retry_after: Some(RETRY_AFTER_SECONDS),
                ..Self::new(
                    503,
                    "row-invalid",
                    "The account cannot be read",
                    "The row of this user breaks a rule; ask an administrator.",
                )
            },
        }
    }
}

impl From<Death> for Facts {
    fn from(death: Death) -> Self {
        Self::bad_token(match death {
            Death::Session => "session-ended",
            Death::Token => "token-revoked",
            Death::Subject => "before-subject-not-before",
            Death::Client => "before-client-not-before",
            Death::Realm => "before-realm-not-before",
            Death::Expired => "expired",
        })
    }
}

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

/// Short: what is away is usually back soon, and a client that waits long is a client lost.
const RETRY_AFTER_SECONDS: u32 = 2;
