//! How many requests wait for the answer of an upstream: one that hangs must not hold every connection of the gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Those that wait. Who has not said all of their request yet does not: a client that never does must not keep others out.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiter(Arc<AtomicUsize>);

impl Waiting {
    /// Whether so many wait already.
    pub(super) fn is_full(&self, most: usize) -> bool {
        self.0.load(Ordering::Relaxed) >= most
    }

    /// One more.
    pub(super) fn join(&self) -> Waiter {
        self.0.fetch_add(1, Ordering::Relaxed);
        Waiter(Arc::clone(&self.0))
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
