//! How often keys are read, and how long anybody waits for them.

use std::time::Duration;

/// The times of one issuer's keys.
#[derive(Clone, Debug)]
pub struct Pace {
    /// From one read in the background to the next.
    pub refresh: Duration,
    /// How long keys are used after they were last read.
    pub max_stale: Duration,
    /// The least time between two reads that unknown keys ask for.
    pub cool_down: Duration,
    /// How long a request waits for a read in flight.
    pub wait: Duration,
    /// The first and the longest pause between failing reads.
    pub back_off: (Duration, Duration),
}

impl Pace {
    /// The pace that the settings of an issuer ask for.
    #[must_use]
    pub fn new(refresh: Duration, max_stale: Duration) -> Self {
        Self {
            refresh,
            max_stale,
            cool_down: Duration::from_secs(10),
            wait: Duration::from_secs(2),
            back_off: (Duration::from_millis(200), Duration::from_secs(5)),
        }
    }

    /// The pause after a number of failures in a row, none of which changed the keys. Full jitter: anywhere
    /// between nothing and twice the pause before, so that nodes do not return together.
    pub(super) fn pause(&self, failures: u32, has_keys: bool, random: u64) -> Duration {
        if failures == 0 {
            return self.refresh;
        }
        if has_keys {
            return self.refresh.min(self.cool_down);
        }
        let (first, longest) = self.back_off;
        let ceiling = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(longest);
        let span = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(random % span.max(1)).max(FLOOR)
    }
}

/// Jitter may come near zero; a server that fails at once must not be called in a tight loop.
const FLOOR: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_without_keys_back_off_with_jitter() {
        let pace = Pace::new(Duration::from_secs(300), Duration::from_secs(3600));
        assert_eq!(pace.pause(0, true, 1), Duration::from_secs(300));
        assert_eq!(pace.pause(3, true, 1), Duration::from_secs(10));
        for (failures, ceiling) in [(1, 200), (2, 400), (3, 800), (6, 5000), (60, 5000), (u32::MAX, 5000)] {
            let ceiling = Duration::from_millis(ceiling);
            for random in [0, 1, 12_345_678_901, u64::MAX] {
                assert!((FLOOR..=ceiling).contains(&pace.pause(failures, false, random)));
            }
            assert!(pace.pause(failures, false, u64::try_from(ceiling.as_nanos()).unwrap() - 1) > ceiling / 2);
        }
    }
}
