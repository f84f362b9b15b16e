//! How many requests wait for the answer of an upstream: one that hangs must not hold every connection of the gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Those that wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiter(Arc<AtomicUsize>);

impl Waiting {
    /// One more, where no more than `most` wait then.
    pub(super) fn join(&self, most: usize) -> Option<Waiter> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        let waiter = Waiter(Arc::clone(&self.0));
        (before < most).then_some(waiter)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_one_too_many_takes_no_place_and_who_leaves_gives_theirs_back() {
        let waiting = Waiting::default();
        let (first, second) = (waiting.join(2), waiting.join(2));
        assert!(first.is_some() && second.is_some() && waiting.join(2).is_none() && waiting.join(2).is_none());
        drop(first);
        assert!(waiting.join(2).is_some());
    }
}
