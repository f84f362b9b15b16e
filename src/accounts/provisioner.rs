//! Makes accounts on first sight, where `[users] provision` says so.

use std::sync::Arc;

use super::{AccountError, Enrol, carry_out};
use crate::id;
use crate::identity::{Profile, Subject};
use crate::store::Ledger;

/// Why no account was made.
pub type ProvisionError = AccountError;

/// Makes an account without roles for whoever brings a good token.
#[derive(Clone)]
pub struct Provisioner(Arc<dyn Ledger>);

impl Provisioner {
    /// Makes accounts in this ledger.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self(ledger)
    }

    /// Makes the account; a name that somebody has is refused, never adopted.
    pub async fn provision(&self, subject: &Subject, profile: &Profile) -> Result<(), ProvisionError> {
        let account = Enrol::first_sight(id::user_id(), subject.clone(), profile).map_err(AccountError::Refused)?;
        carry_out(&*self.0, account).await.map(drop)
    }
}
