//! Counts the tries of each key, exactly: never more than the limit in any span of the window's length.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::IntCounter;

use super::throttle_metrics::{Counter, ThrottleMetrics};
use crate::clock::{Boot, Clock};

/// Counters for many keys, of bounded number.
pub(super) struct Throttle<K> {
    table: Arc<Mutex<Table<K>>>,
    limit: usize,
    window: Duration,
    capacity: usize,
    counter: Counter,
    full: IntCounter,
    clock: Clock,
}

struct Table<K> {
    tries: HashMap<K, VecDeque<Boot>>,
    /// When all of it was last looked through for keys that make room.
    swept: Option<Boot>,
    /// When it was last told that it is full.
    told: Option<Boot>,
}

/// Too many tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exceeded {
    /// When the next try may come.
    pub(super) retry_after: Duration,
}

impl<K: Hash + Eq> Throttle<K> {
    /// Nothing is counted yet, and nothing allowed.
    pub(super) fn new(counter: Counter, metrics: &ThrottleMetrics, clock: &Clock) -> Self {
        let table = Table { tries: HashMap::new(), swept: None, told: None };
        let (table, full, clock) = (Arc::new(Mutex::new(table)), metrics.full(counter), clock.clone());
        Self { table, limit: 0, window: Duration::ZERO, capacity: CAPACITY, counter, full, clock }
    }

    /// The same tries, with at most `limit` of a key in any `window`: whoever is locked out does not come in by a
    /// reload.
    pub(super) fn limited(&self, limit: usize, window: Duration) -> Self {
        let (table, full, clock) = (Arc::clone(&self.table), self.full.clone(), self.clock.clone());
        Self { table, limit, window, capacity: self.capacity, counter: self.counter, full, clock }
    }

    /// Counts a try, or says how long to wait. A try that is refused does not count, so that a lock ends though
    /// somebody keeps knocking.
    pub(super) fn take(&self, key: K) -> Result<(), Exceeded> {
        let now = self.clock.boot();
        let mut table = self.table.lock();
        if !table.tries.contains_key(&key) && !self.has_room(&mut table, now) {
            self.tell(&mut table, now);
            return Err(Exceeded { retry_after: self.window });
        }
        let times = table.tries.entry(key).or_default();
        self.judge(times, now)?;
        times.push_back(now);
        Ok(())
    }

    /// Says how long to wait, and counts nothing.
    pub(super) fn look(&self, key: &K) -> Result<(), Exceeded> {
        let now = self.clock.boot();
        self.table.lock().tries.get_mut(key).map_or(Ok(()), |times| self.judge(times, now))
    }

    /// Keys whose tries are over make room. A counter that is dropped to make room is a counter that can be reset: then
    /// rather nobody new. A look at all of them takes milliseconds, and whoever fills the table must not cause many.
    fn has_room(&self, table: &mut Table<K>, now: Boot) -> bool {
        if table.tries.len() >= self.capacity && is_due(table.swept, now, BETWEEN_SWEEPS) {
            table.swept = Some(now);
            table.tries.retain(|_, times| times.back().is_some_and(|last| self.counts(*last, now)));
        }
        table.tries.len() < self.capacity
    }

    fn tell(&self, table: &mut Table<K>, now: Boot) {
        self.full.inc();
        if is_due(table.told, now, BETWEEN_LINES) {
            table.told = Some(now);
            tracing::error!(
                counter = self.counter.name(),
                "a counter of tries is full: whoever is not in it is refused, or, where only what is refused counts, not counted; block the addresses that flood the endpoints of [auth] in front of the gateway"
            );
        }
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

fn is_due(last: Option<Boot>, now: Boot, pause: Duration) -> bool {
    last.is_none_or(|last| now.since(last) >= pause)
}

/// A try costs some hundred bytes for one window.
const CAPACITY: usize = 65_536;
const BETWEEN_SWEEPS: Duration = Duration::from_secs(1);
const BETWEEN_LINES: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(limit: usize) -> (Throttle<String>, Clock) {
        let clock = Clock::manual();
        let metrics = ThrottleMetrics::new(&prometheus::Registry::new()).unwrap();
        let throttle = Throttle::new(Counter::LogInNames, &metrics, &clock);
        (throttle.limited(limit, Duration::from_secs(60)), clock)
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
        assert_eq!(throttle.table.lock().tries.len(), 2);
        assert_eq!(throttle.full.get(), 1);
    }

    #[test]
    fn a_full_table_is_looked_through_once_a_second_at_most() {
        let (mut throttle, clock) = throttle(1);
        throttle.capacity = 1;
        assert_eq!(throttle.take("a".into()), Ok(()));
        clock.advance(Duration::from_millis(59_500));
        assert!(throttle.take("b".into()).is_err(), "looked through in vain");
        clock.advance(Duration::from_millis(999));
        assert!(throttle.take("b".into()).is_err(), "there would be room by now");
        assert_eq!(throttle.take("a".into()), Ok(()), "who is counted already needs none");
        clock.advance(Duration::from_millis(60_001));
        assert_eq!(throttle.take("b".into()), Ok(()));
        assert_eq!(throttle.full.get(), 2);
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
