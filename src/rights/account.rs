//! A user of the users database, as the directory keeps it.

use arc_swap::ArcSwapOption;
use std::sync::Arc;
use uuid::Uuid;

use super::{AccountHeaders, Catalogue, Entitlement};
use crate::identity::Subject;
use crate::store::{AccountRow, Position, StoreError};

/// What one enrichment read, with what was derived from it since.
#[derive(Debug)]
pub struct Account {
    row: AccountRow,
    as_of: Position,
    epoch: u64,
    headers: AccountHeaders,
    entitlement: ArcSwapOption<Entitlement>,
}

impl Account {
    pub(super) fn new(subject: &Subject, row: AccountRow, as_of: Position, epoch: u64) -> Result<Self, StoreError> {
        Ok(Self {
            headers: AccountHeaders::new(subject, &row)?,
            entitlement: ArcSwapOption::empty(),
            row,
            as_of,
            epoch,
        })
    }

    /// The row as it was read.
    #[must_use]
    pub fn row(&self) -> &AccountRow {
        &self.row
    }

    /// Our identifier of the user.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.row.id
    }

    /// The newest change that the read saw.
    #[must_use]
    pub fn as_of(&self) -> Position {
        self.as_of
    }

    /// The epoch in which that position counts.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What upstreams are told of the account.
    #[must_use]
    pub fn headers(&self) -> &AccountHeaders {
        &self.headers
    }

    /// What the account may by this catalogue: derived once per catalogue. Nothing where the catalogue is older
    /// than one of the roles.
    pub(super) fn entitlement(&self, catalogue: &Catalogue) -> Result<Option<Arc<Entitlement>>, StoreError> {
        if let Some(derived) = &*self.entitlement.load()
            && derived.is_of(catalogue)
        {
            return Ok(Some(Arc::clone(derived)));
        }
        let derived = catalogue.entitlement(&self.row.roles)?;
        self.entitlement.store(derived.clone());
        Ok(derived)
    }
}
