//! Why an identity is not enriched.

use std::sync::Arc;

use crate::accounts::ProvisionError;
use crate::store::{Position, StoreError, UserState};

/// What stands between an identity and its principal.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EnrichError {
    /// The users database does not know the subject.
    #[error("the users database does not know the subject")]
    UnknownUser(Position),
    /// The account is not active.
    #[error("the account is {0:?}")]
    NotActive(UserState, Position),
    /// An account was to be made on first sight, and could not be.
    #[error("no account could be made on first sight")]
    NotProvisioned(#[source] Arc<ProvisionError>),
    /// The users database did not answer; nothing is known.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// A role of the user is not in the catalogue, also after the catalogue was read again.
    #[error("a role of the user is not in the catalogue")]
    UnknownRole(Position),
}

impl EnrichError {
    /// The newest change that the read behind this answer saw; a newer change may turn the answer.
    #[must_use]
    pub fn as_of(&self) -> Option<Position> {
        match self {
            Self::UnknownUser(as_of) | Self::NotActive(_, as_of) | Self::UnknownRole(as_of) => Some(*as_of),
            Self::NotProvisioned(_) | Self::Store(_) => None,
        }
    }
}

impl From<StoreError> for EnrichError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
