//! Who we say the caller is: identity, user, roles and permissions.

use std::sync::Arc;

use super::{Account, Entitlement};
use crate::identity::Identity;
use crate::store::Position;

/// An enriched identity. Made in `rights` alone.
#[derive(Clone, Debug)]
pub struct Principal {
    identity: Arc<Identity>,
    account: Arc<Account>,
    entitlement: Arc<Entitlement>,
}

impl Principal {
    pub(super) fn new(identity: Arc<Identity>, account: Arc<Account>, entitlement: Arc<Entitlement>) -> Self {
        Self { identity, account, entitlement }
    }

    /// Who the credential proves.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The same, shared.
    #[must_use]
    pub fn shared_identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Who the users database knows.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What they may.
    #[must_use]
    pub fn entitlement(&self) -> &Entitlement {
        &self.entitlement
    }

    /// The newest change that the account's load saw.
    #[must_use]
    pub fn account_as_of(&self) -> Position {
        self.account.as_of()
    }

    /// Whether both positions count in that epoch.
    #[must_use]
    pub fn is_of(&self, epoch: u64) -> bool {
        self.account.epoch() == epoch && self.entitlement.epoch() == epoch
    }

    /// The newest change that the catalogue's load saw.
    #[must_use]
    pub fn catalogue_as_of(&self) -> Position {
        self.entitlement.catalogue_as_of()
    }
}
