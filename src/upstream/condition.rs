//! What is known of a server's condition: how it fared with requests, and what its health checks said.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{Boot, Clock};
use crate::config;

/// Whether a server is to be tried. One that failed rests for a while that grows; then one request tries it.
#[derive(Debug, Default)]
pub(super) struct Condition {
    /// Rests in a row.
    rests: AtomicU32,
    /// Nanoseconds since boot.
    rests_until: AtomicU64,
    /// Requests in a row that it took and did not answer.
    stumbles: AtomicU32,
    /// By its health checks.
    is_down: AtomicBool,
    /// Checks in a row that contradict `is_down`.
    contradictions: AtomicU32,
}

impl Condition {
    /// Whether nothing speaks against it; the clock need not be asked.
    pub(super) fn is_good(&self) -> bool {
        self.rests.load(Ordering::Acquire) == 0 && !self.is_down.load(Ordering::Acquire)
    }

    /// Whether requests are kept from it now.
    pub(super) fn is_passed_over(&self, clock: &Clock) -> bool {
        let resting = || clock.boot() < Boot::from_nanos(self.rests_until.load(Ordering::Acquire));
        !self.is_good() && (self.is_down.load(Ordering::Acquire) || resting())
    }

    /// Whether this request may try it. After a rest one request does; the next one may when that has answered, or after
    /// another rest.
    pub(super) fn takes(&self, clock: &Clock) -> bool {
        if self.is_good() {
            return true;
        }
        let (until, now) = (self.rests_until.load(Ordering::Acquire), clock.boot());
        let next = now.plus(rest(self.rests.load(Ordering::Acquire))).as_nanos();
        !self.is_down.load(Ordering::Acquire)
            && now.as_nanos() >= until
            && self.rests_until.compare_exchange(until, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// It failed, and rests from now on: for how long. Nothing where it rests already, and this was no second chance: the
    /// request was under way when another one failed, and says nothing new.
    pub(super) fn fail(&self, is_second_chance: bool, clock: &Clock) -> Option<Duration> {
        let before = self.rests.load(Ordering::Acquire);
        if before != 0 && !is_second_chance {
            return None;
        }
        let rests = before.saturating_add(1);
        // Of those that fail at the same time one counts.
        self.rests.compare_exchange(before, rests, Ordering::AcqRel, Ordering::Acquire).ok()?;
        let rest = rest(rests);
        self.rests_until.store(clock.boot().plus(rest).as_nanos(), Ordering::Release);
        self.stumbles.store(0, Ordering::Release);
        Some(rest)
    }

    /// It did not answer a request that it took: whether that happens too often now.
    pub(super) fn stumble(&self) -> bool {
        self.stumbles.fetch_add(1, Ordering::AcqRel).saturating_add(1) >= STUMBLES || !self.is_good()
    }

    /// It answered a request: whether that was not expected.
    pub(super) fn answer(&self) -> bool {
        if self.stumbles.load(Ordering::Relaxed) != 0 {
            self.stumbles.store(0, Ordering::Release);
        }
        let unexpected = self.rests.load(Ordering::Relaxed) != 0;
        if unexpected {
            self.forgive();
        }
        unexpected
    }

    /// A health check ended well or not: whether that changes what is thought of it.
    pub(super) fn check(&self, well: bool, health: &config::Health) -> bool {
        let down = self.is_down.load(Ordering::Acquire);
        if well != down {
            self.contradictions.store(0, Ordering::Release);
            return false;
        }
        let needed = if well { health.up } else { health.down };
        if self.contradictions.fetch_add(1, Ordering::AcqRel).saturating_add(1) < needed {
            return false;
        }
        self.contradictions.store(0, Ordering::Release);
        self.is_down.store(!well, Ordering::Release);
        if well {
            self.forgive();
        }
        true
    }

    fn forgive(&self) {
        self.rests.store(0, Ordering::Release);
        self.rests_until.store(0, Ordering::Release);
    }
}

/// 1 s, twice as long every time, at most a minute.
fn rest(rests: u32) -> Duration {
    FIRST_REST.saturating_mul(1 << rests.saturating_sub(1).min(10)).min(LONGEST_REST)
}

const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(60);
const STUMBLES: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_fails_again_rests_longer_and_longer() {
        let (condition, clock) = (Condition::default(), Clock::manual());
        let second = Duration::from_secs(1);
        assert_eq!(condition.fail(false, &clock), Some(second));
        assert_eq!([0; 8].map(|_| condition.fail(false, &clock)), [None; 8], "those that were under way");
        let rests = [0; 7].map(|_| condition.fail(true, &clock).unwrap().as_secs());
        assert_eq!(rests, [2, 4, 8, 16, 32, 60, 60]);
        assert!(condition.answer() && !condition.answer());
        assert_eq!(condition.fail(false, &clock), Some(second));
    }

    #[test]
    fn after_a_rest_one_request_tries() {
        let (condition, clock) = (Condition::default(), Clock::manual());
        condition.fail(false, &clock);
        assert!(!condition.takes(&clock) && condition.is_passed_over(&clock));
        clock.advance(Duration::from_secs(1));
        assert_eq!([true, false], [0; 2].map(|_| condition.takes(&clock)));
        clock.advance(Duration::from_secs(1));
        assert!(condition.takes(&clock), "the one before was never heard of again");
        condition.answer();
        assert_eq!([true, true], [0; 2].map(|_| condition.takes(&clock)));
    }

    #[test]
    fn five_requests_in_a_row_without_an_answer_are_too_many() {
        let condition = Condition::default();
        assert_eq!([false; 4], [0; 4].map(|_| condition.stumble()));
        condition.answer();
        assert_eq!([false, false, false, false, true], [0; 5].map(|_| condition.stumble()));
    }

    #[test]
    fn so_many_checks_in_a_row_change_what_is_thought() {
        let (condition, clock) = (Condition::default(), Clock::manual());
        let second = Duration::from_secs(1);
        let health = config::Health { path: "/".into(), interval: second, timeout: second, up: 2, down: 3 };
        let check = |well| condition.check(well, &health);
        assert_eq!([false, false, false, false, false], [false, false, true, false, false].map(check));
        assert!(check(false) && condition.is_passed_over(&clock) && !condition.takes(&clock));
        assert_eq!([false, false, false, true], [true, false, true, true].map(check));
        assert!(condition.takes(&clock));
    }
}
