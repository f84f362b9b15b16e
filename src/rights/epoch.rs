//! Which log positions count in: positions of two epochs cannot be compared.

use std::sync::atomic::Ordering;

use crate::sync::AtomicU64;

/// The number of times the log was found to be another one (a restored backup, a failover).
#[derive(Debug, Default)]
pub struct Epoch(AtomicU64);

impl Epoch {
    /// The epoch of now.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Begins the next.
    pub fn turn(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}
