//! Why a command failed, and the exit code that says so to a script.

use std::io;

use crate::accounts::{AccountError, Refusal};
use crate::keycloak::KeycloakError;
use crate::store::StoreError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Keycloak has no such user.
    #[error("Keycloak has no user {0}")]
    NotInKeycloak(String),
    /// Keycloak has no such client, or the client has no service account.
    #[error("Keycloak has no client {0} with a service account")]
    NoServiceAccount(String),
    /// The users database has no such user.
    #[error("there is no user {0}")]
    NoUser(String),
    /// A rule refused the change.
    #[error(transparent)]
    Refused(Refusal),
    /// The users database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keycloak did not answer.
    #[error("Keycloak could not be asked")]
    Keycloak(#[from] KeycloakError),
    /// The client of Keycloak could not be set up: `[keycloak] issuer` is not `…/realms/NAME`, or TLS fails.
    #[error("Keycloak cannot be called: look at [keycloak] issuer and SSL_CERT_FILE")]
    Setup,
    /// The result could not be written.
    #[error("cannot write the result")]
    Output(#[from] io::Error),
}

impl Failure {
    /// What the process ends with: 1 failed, 2 usage, 3 not found, 4 conflict, 5 refused, 6 database or Keycloak away.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotInKeycloak(_) | Self::NoServiceAccount(_) | Self::NoUser(_) => NOT_FOUND,
            Self::Refused(refusal) => refused(refusal),
            Self::Store(StoreError::Unavailable { .. } | StoreError::TimedOut(_)) => AWAY,
            Self::Keycloak(KeycloakError::Refused { .. } | KeycloakError::NoClient) => REFUSED,
            Self::Keycloak(_) => AWAY,
            Self::Store(StoreError::RowInvalid(_) | StoreError::Schema(_)) | Self::Output(_) | Self::Setup => FAILED,
        }
    }
}

fn refused(refusal: &Refusal) -> u8 {
    match refusal {
        Refusal::NameInvalid(_) => USAGE,
        Refusal::UnknownUser | Refusal::UnknownRole(_) | Refusal::UnknownPermission(_) => NOT_FOUND,
        Refusal::NameTaken(_) | Refusal::WrongState(_) | Refusal::WrongKind(_) => CONFLICT,
        Refusal::NameMissing => REFUSED,
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Refused(refusal) => Self::Refused(refusal),
            AccountError::Store(error) => Self::Store(error),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const NOT_FOUND: u8 = 3;
const CONFLICT: u8 = 4;
const REFUSED: u8 = 5;
const AWAY: u8 = 6;
