//! How many requests may be sent again: a tenth of all, so that retries never multiply an outage.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::clock::Clock;

/// Every request earns a tenth of a retry; a second earns one too, for upstreams with few requests.
#[derive(Debug)]
pub(super) struct Budget {
    tenths: AtomicU32,
    /// Up to which second of the boot clock time has been earned for.
    earned_until: AtomicU64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { tenths: AtomicU32::new(RESERVE), earned_until: AtomicU64::new(0) }
    }
}

impl Budget {
    /// A request came for the first time.
    pub(super) fn earn(&self) {
        if self.tenths.load(Ordering::Relaxed) < MOST {
            self.tenths.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes a retry, if one is left.
    pub(super) fn spend(&self, clock: &Clock) -> bool {
        self.earn_for_time(clock);
        self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(ONE)).is_ok()
    }

    fn earn_for_time(&self, clock: &Clock) {
        let now = clock.boot().as_nanos() / 1_000_000_000;
        let seconds = now.saturating_sub(self.earned_until.fetch_max(now, Ordering::Relaxed));
        let earned = u32::try_from(seconds).unwrap_or(RESERVE).saturating_mul(ONE);
        // Time fills the reserve and nothing beyond it.
        let _ = self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            (left < RESERVE).then(|| left.saturating_add(earned).min(RESERVE))
        });
    }
}

const ONE: u32 = 10;
/// A hundred: what one server of many may take with it when it goes.
const RESERVE: u32 = 1000;
const MOST: u32 = 10_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn spent(budget: &Budget, clock: &Clock) -> usize {
        (0..).take_while(|_| budget.spend(clock)).count()
    }

    #[test]
    fn a_tenth_of_all_requests_may_be_sent_again() {
        let (budget, clock) = (Budget::default(), Clock::manual());
        assert_eq!(spent(&budget, &clock), 100);
        (0..1000).for_each(|_| budget.earn());
        assert_eq!(spent(&budget, &clock), 100);
        (0..1_000_000).for_each(|_| budget.earn());
        assert_eq!(spent(&budget, &clock), 1000);
    }

    #[test]
    fn with_few_requests_a_second_earns_one() {
        let (budget, clock) = (Budget::default(), Clock::manual());
        clock.advance(Duration::from_secs(1000));
        assert_eq!(spent(&budget, &clock), 100);
        clock.advance(Duration::from_secs(3));
        assert_eq!(spent(&budget, &clock), 3);
        clock.advance(Duration::from_secs(100_000));
        assert_eq!(spent(&budget, &clock), 100);
    }
}
