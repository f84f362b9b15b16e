//! Counts the tries of each key, exactly: never more than the limit in any span of the window's length.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::{Boot, Clock};

/// Counters for many keys, of bounded number.
pub(super) struct Throttle<K> {
    tries: Arc<Mutex<HashMap<K, VecDeque<Boot>>>>,
    limit: usize,
    window: Duration,
    capacity: usize,
    clock: Clock,
}

/// Too many tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exceeded {
    /// When the next try may come.
    pub(super) retry_after: Duration,
}

impl<K: Hash + Eq> Throttle<K> {
    /// At most `limit` tries of a key in any `window`.
    pub(super) fn new(limit: usize, window: Duration, clock: Clock) -> Self {
        Self { tries: Arc::default(), limit, window, capacity: CAPACITY, clock }
    }

    /// The same tries under other numbers: whoever is locked out does not come in by a reload.
    pub(super) fn limited(&self, limit: usize, window: Duration) -> Self {
        let (tries, clock) = (Arc::clone(&self.tries), self.clock.clone());
        Self { tries, limit, window, capacity: self.capacity, clock }
    }

    /// Counts a try, or says how long to wait. A try that is refused does not count, so that a lock ends though
    /// somebody keeps knocking.
    pub(super) fn take(&self, key: K) -> Result<(), Exceeded> {
        let now = self.clock.boot();
        let mut tries = self.tries.lock();
        if !tries.contains_key(&key) && tries.len() >= self.capacity {
            tries.retain(|_, times| times.back().is_some_and(|last| self.counts(*last, now)));
            // A counter that is dropped to make room is a counter that can be reset: then rather nobody new.
            if tries.len() >= self.capacity {
                return Err(Exceeded { retry_after: self.window });
            }
        }
        let times = tries.entry(key).or_default();
        self.judge(times, now)?;
        times.push_back(now);
        Ok(())
    }

    /// Says how long to wait, and counts nothing.
    pub(super) fn look(&self, key: &K) -> Result<(), Exceeded> {
        let now = self.clock.boot();
        self.tries.lock().get_mut(key).map_or(Ok(()), |times| self.judge(times, now))
    }

    fn judge(&self, times: &mut VecDeque<Boot>, now: Boot) -> Result<(), Exceeded> {
        while times.front().is_some_and(|first| !self.counts(*first, now)) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= self.limit => {
                Err(Exceeded { retry_after: first.plus(self.window).since(now) })
            }
            _ => Ok(()),
        }
    }

    fn counts(&self, then: Boot, now: Boot) -> bool {
        now.since(then) < self.window
    }
}

/// A try costs some hundred bytes for one window.
const CAPACITY: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(limit: usize) -> (Throttle<String>, Clock) {
        let clock = Clock::manual();
        (Throttle::new(limit, Duration::from_secs(60), clock.clone()), clock)
    }

    fn wait(outcome: Result<(), Exceeded>) -> Option<u64> {
        outcome.err().map(|exceeded| exceeded.retry_after.as_secs())
    }

    #[test]
    fn so_many_tries_pass_in_any_window_and_not_one_more() {
        let (throttle, clock) = throttle(3);
        for _ in 0..3 {
            assert_eq!(throttle.take("alice".into()), Ok(()));
            clock.advance(Duration::from_secs(10));
        }
        assert_eq!(wait(throttle.look(&"alice".into())), Some(30));
        assert_eq!(wait(throttle.take("alice".into())), Some(30));
        assert_eq!(throttle.take("bob".into()), Ok(()));
        clock.advance(Duration::from_secs(30));
        assert_eq!(throttle.take("alice".into()), Ok(()), "the first try has left the window");
        assert_eq!(wait(throttle.take("alice".into())), Some(10), "the second has not");
    }

    #[test]
    fn other_numbers_count_the_same_tries() {
        let (throttle, _) = throttle(2);
        assert_eq!([0; 2].map(|_| throttle.take("alice".into())), [Ok(()), Ok(())]);
        let stricter = throttle.limited(1, Duration::from_secs(60));
        assert_eq!(wait(stricter.take("alice".into())), Some(60));
        let milder = throttle.limited(3, Duration::from_secs(60));
        assert_eq!(milder.take("alice".into()), Ok(()));
        assert_eq!(wait(throttle.take("alice".into())), Some(60), "one try counts for all");
    }

    #[test]
    fn a_refused_try_does_not_make_the_wait_longer() {
        let (throttle, clock) = throttle(1);
        assert_eq!(throttle.take("alice".into()), Ok(()));
        for left in (1..=59).rev() {
            clock.advance(Duration::from_secs(1));
            assert_eq!(wait(throttle.take("alice".into())), Some(left));
        }
        clock.advance(Duration::from_secs(1));
        assert_eq!(throttle.take("alice".into()), Ok(()));
    }

    #[test]
    fn when_memory_is_full_old_keys_make_room_and_counters_do_not() {
        let (mut throttle, clock) = throttle(1);
        throttle.capacity = 2;
        assert_eq!(throttle.take("a".into()), Ok(()));
        clock.advance(Duration::from_secs(30));
        assert_eq!(throttle.take("b".into()), Ok(()));
        assert_eq!(wait(throttle.take("c".into())), Some(60));
        assert_eq!(wait(throttle.take("a".into())), Some(30), "still counted");
        clock.advance(Duration::from_secs(30));
        assert_eq!(throttle.take("c".into()), Ok(()));
        assert_eq!(throttle.tries.lock().len(), 2);
    }

    proptest::proptest! {
        /// The law, whatever the pace: no window holds more tries than the limit, and a wait that was told is enough.
        #[test]
        fn no_window_holds_more_tries_than_the_limit(
            limit in 1usize..5,
            pauses in proptest::collection::vec(0u64..40, 1..60),
        ) {
            let (throttle, clock) = throttle(limit);
            let mut taken: Vec<u64> = Vec::new();
            let mut now = 0;
            for pause in pauses {
                clock.advance(Duration::from_secs(pause));
                now += pause;
                let within = taken.iter().filter(|then| now - **then < 60).count();
                match throttle.take("alice".into()) {
                    Ok(()) => {
                        proptest::prop_assert!(within < limit);
                        taken.push(now);
                    }
                    Err(exceeded) => {
                        proptest::prop_assert_eq!(within, limit);
                        clock.advance(exceeded.retry_after);
                        now += exceeded.retry_after.as_secs();
                        proptest::prop_assert_eq!(throttle.look(&"alice".into()), Ok(()));
                    }
                }
            }
        }
    }
}
