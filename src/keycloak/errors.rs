//! Why Keycloak did not do what it was asked. Whether it is our fault, its fault or the caller's is told apart
//! here: an answer that cannot be believed is never read as "no".

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

/// A failure of a call to Keycloak.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeycloakError {
    /// No connection, a broken one, or a server error (5xx).
    #[error("keycloak is unavailable")]
    Unavailable {
        /// What went wrong on the way; nothing for a 5xx.
        #[source]
        source: Option<Arc<dyn std::error::Error + Send + Sync>>,
        /// The status of a server error.
        status: Option<StatusCode>,
    },
    /// No whole answer in time.
    #[error("keycloak did not answer in time")]
    TimedOut,
    /// Too many requests (429).
    #[error("keycloak asks to wait")]
    Busy {
        /// For how long, where it says so.
        retry_after: Option<Duration>,
    },
    /// A well-formed refusal.
    #[error("keycloak refused with {status}: {error}: {description}")]
    Refused {
        /// The status, 4xx.
        status: StatusCode,
        /// `error`, cut and without control characters.
        error: String,
        /// `error_description` or `errorMessage`, likewise.
        description: String,
    },
    /// An answer that is not what the endpoint gives: HTML, cut JSON, another type, a redirect, too long.
    #[error("keycloak's answer is malformed: {0}")]
    Malformed(&'static str),
    /// The settings name no client of ours at this issuer.
    #[error("no client is configured at this issuer")]
    NoClient,
}

impl KeycloakError {
    /// The name of the outcome in logs and metrics.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Unavailable { status: None, .. } => "unavailable",
            Self::Unavailable { status: Some(_), .. } => "server-error",
            Self::TimedOut => "timed-out",
            Self::Busy { .. } => "busy",
            Self::Refused { .. } => "refused",
            Self::Malformed(_) => "malformed",
            Self::NoClient => "no-client",
        }
    }

    /// Whether it is our client's name or secret that is refused, before anything else was looked at.
    pub(super) fn refuses_client(&self) -> bool {
        let Self::Refused { status, error, .. } = self else { return false };
        *status == StatusCode::UNAUTHORIZED && ["invalid_client", "unauthorized_client"].contains(&error.as_str())
    }

    pub(super) fn transport(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        // An address may hold a name that somebody typed.
        Self::Unavailable { source: Some(Arc::new(error.without_url())), status: None }
    }
}

/// Why a password log-in gave no tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoginError {
    /// Keycloak looked at the credentials and said no.
    #[error("the log-in was refused: {0}")]
    Refused(LoginRefusal),
    /// Keycloak is away, or our client may not do this: nothing is said about the credentials.
    #[error("the log-in could not be tried")]
    Keycloak(#[from] KeycloakError),
}

/// What Keycloak says of credentials. The last two confirm that the password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefusal {
    /// Wrong, unknown, locked, or a one-time password that is missing or wrong: Keycloak has one text for all.
    InvalidCredentials,
    /// The account is disabled.
    AccountDisabled,
    /// Something is to be done first: verify the address, change the password, complete the profile.
    NotSetUp,
}

impl fmt::Display for LoginRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidCredentials => "invalid credentials",
            Self::AccountDisabled => "account disabled",
            Self::NotSetUp => "account not fully set up",
        })
    }
}

impl LoginError {
    /// Only `invalid_grant` speaks of the credentials; every other refusal speaks of our client or our request.
    pub(super) fn from_refusal(error: KeycloakError) -> Self {
        match &error {
            KeycloakError::Refused { error: code, description, .. } if code == "invalid_grant" => {
                Self::Refused(match description.as_str() {
                    "Account disabled" => LoginRefusal::AccountDisabled,
                    "Account is not fully set up" => LoginRefusal::NotSetUp,
                    _ => LoginRefusal::InvalidCredentials,
                })
            }
            _ => Self::Keycloak(error),
        }
    }
}

/// Why Keycloak did nothing with a refresh token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RefreshTokenError {
    /// Keycloak looked at the token and said no.
    #[error("the refresh token was refused: {0}")]
    Refused(RefreshTokenRefusal),
    /// Keycloak is away, or our client may not do this: nothing is said about the token.
    #[error("the refresh token could not be used")]
    Keycloak(#[from] KeycloakError),
}

/// What Keycloak says of a refresh token. All but the last confirm that it is genuine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshTokenRefusal {
    /// It was used before, and that use of the session is over now (rotation; RFC 9700 §4.14.2).
    Reused,
    /// Its session has ended.
    SessionOver,
    /// Its user is switched off.
    AccountDisabled,
    /// Expired, older than a not-before, or not a refresh token of this realm and client at all.
    Invalid,
}

impl RefreshTokenRefusal {
    /// Whether it tells of a genuine token whose session is over for our client.
    #[must_use]
    pub fn is_end_of_session(self) -> bool {
        match self {
            Self::Reused | Self::SessionOver => true,
            Self::AccountDisabled | Self::Invalid => false,
        }
    }
}

impl fmt::Display for RefreshTokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reused => "used before",
            Self::SessionOver => "session over",
            Self::AccountDisabled => "account disabled",
            Self::Invalid => "invalid",
        })
    }
}

impl RefreshTokenError {
    /// Only `invalid_grant` speaks of the token.
    pub(super) fn from_refusal(error: KeycloakError) -> Self {
        match &error {
            KeycloakError::Refused { error: code, description, .. } if code == "invalid_grant" => {
                Self::Refused(match description.as_str() {
                    "Maximum allowed refresh token reuse exceeded" => RefreshTokenRefusal::Reused,
                    "Session not active" | "Session doesn't have required client" => RefreshTokenRefusal::SessionOver,
                    "User disabled" => RefreshTokenRefusal::AccountDisabled,
                    _ => RefreshTokenRefusal::Invalid,
                })
            }
            _ => Self::Keycloak(error),
        }
    }
}
