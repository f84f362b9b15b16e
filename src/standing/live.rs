//! A principal that was still true when it was asked for.

use crate::clock::Timestamp;
use crate::rights::Principal;

/// A confirmed principal. Made in `standing` alone; only this can be judged.
#[derive(Clone, Debug)]
pub struct Live {
    principal: Principal,
    at: Timestamp,
}

impl Live {
    pub(super) fn new(principal: Principal, at: Timestamp) -> Self {
        Self { principal, at }
    }

    /// Who is alive.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// When it was confirmed.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }
}
