//! What is told to whom the gateway does not know, or cannot know just now.

use super::{Facts, RETRY_AFTER_SECONDS};
use crate::accounts::ProvisionError;
use crate::identity::ProveError;
use crate::problem::Challenge;
use crate::request::CredentialError;
use crate::rights::EnrichError;
use crate::standing::Death;
use crate::store::StoreError;

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
            EnrichError::NotProvisioned(error) => match &**error {
                // Whether the name is free is not known.
                ProvisionError::Store(error) => error.into(),
                ProvisionError::Refused(_) => Self::new(
                    403,
                    "unknown-user",
                    "This user has no account here",
                    "No account could be made; ask an administrator.",
                )
                .because("not-provisioned"),
            },
            EnrichError::Store(error) => error.as_ref().into(),
            EnrichError::UnknownRole(_) => {
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
            Death::Inactive => "inactive",
            Death::Expired => "expired",
        })
    }
}
