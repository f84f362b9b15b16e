//! Where every server is away, one request at a time finds out whether one is back; the others are told at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;

/// Lets one request through in a while.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    next: AtomicU64,
}

impl Breaker {
    /// Whether this request is the one.
    pub(super) fn admits(&self, clock: &Clock) -> bool {
        let (now, next) = (clock.boot(), self.next.load(Ordering::Acquire));
        let later = now.plus(BETWEEN_PROBES).as_nanos();
        now.as_nanos() >= next && self.next.compare_exchange(next, later, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

const BETWEEN_PROBES: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_a_second_is_let_through() {
        let (breaker, clock) = (Breaker::default(), Clock::manual());
        clock.advance(Duration::from_secs(5));
        assert_eq!([true, false, false], [0; 3].map(|_| breaker.admits(&clock)));
        clock.advance(Duration::from_millis(999));
        assert!(!breaker.admits(&clock));
        clock.advance(Duration::from_millis(1));
        assert_eq!([true, false], [0; 2].map(|_| breaker.admits(&clock)));
    }
}
