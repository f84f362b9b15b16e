//! A user of the users database, as the directory keeps it.

use arc_swap::ArcSwapOption;
use http::HeaderValue;
use std::sync::Arc;
use uuid::Uuid;

use super::entitlement::encoded;
use super::{Catalogue, Entitlement};
use crate::store::{AccountRow, Position, StoreError};

/// What one enrichment read, with what was derived from it since.
#[derive(Debug)]
pub struct Account {
    row: AccountRow,
    as_of: Position,
    epoch: u64,
    user_id_header: HeaderValue,
    username_header: HeaderValue,
    email_header: HeaderValue,
    entitlement: ArcSwapOption<Entitlement>,
}

impl Account {
    pub(super) fn new(row: AccountRow, as_of: Position, epoch: u64) -> Result<Self, StoreError> {
        Ok(Self {
            user_id_header: encoded("id", &row.id.to_string())?,
            username_header: encoded("username", &row.username)?,
            email_header: encoded("email", row.email.as_deref().unwrap_or_default())?,
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

    /// `X-Auth-User-Id`.
    #[must_use]
    pub fn user_id_header(&self) -> &HeaderValue {
        &self.user_id_header
    }

    /// `X-Auth-Username`.
    #[must_use]
    pub fn username_header(&self) -> &HeaderValue {
        &self.username_header
    }

    /// `X-Auth-Email`.
    #[must_use]
    pub fn email_header(&self) -> &HeaderValue {
        &self.email_header
    }

    /// What the account may by this catalogue: derived once per catalogue. Nothing where the catalogue is older
    /// than one of the roles.
    pub(super) fn entitlement(&self, catalogue: &Catalogue) -> Result<Option<Arc<Entitlement>>, StoreError> {
        if let Some(derived) = &*self.entitlement.load()
            && derived.is_of(catalogue)
        {
            return Ok(Some(Arc::clone(derived)));
        }
        let derived = Entitlement::resolve(&self.row.roles, &[], catalogue)?.map(Arc::new);
        self.entitlement.store(derived.clone());
        Ok(derived)
    }
}
