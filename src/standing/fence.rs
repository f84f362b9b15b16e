//! Whether this node may trust its memory: its lease, which the last poll gave it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::{Boot, Clock};
use crate::patience;
use crate::store::LEASE;
use crate::sync::{AtomicBool, AtomicU64};

/// Closes when the log could not be read for too long: what is in memory may then be outdated, and nobody
/// would know.
#[derive(Debug)]
pub struct Fence {
    heard: AtomicU64,
    left: AtomicBool,
    blind: AtomicU64,
    polled: Notify,
    wanted: Notify,
    stale_when_blind: Duration,
}

impl Fence {
    /// Closed until the first poll. Rights may be used for `stale_when_blind` longer than sessions.
    #[must_use]
    pub fn new(stale_when_blind: Duration) -> Self {
        let (heard, left) = (AtomicU64::new(NEVER), AtomicBool::new(false));
        let blind = AtomicU64::new(0);
        Self { heard, left, blind, polled: Notify::new(), wanted: Notify::new(), stale_when_blind }
    }

    /// A poll that was sent at `sent` succeeded, and its rows are applied.
    pub fn heard(&self, sent: Boot, now: Boot) {
        let before = self.heard.swap(sent.as_nanos(), Ordering::AcqRel);
        if before != NEVER {
            let over = now.since(Boot::from_nanos(before).plus(LEASE));
            self.blind.fetch_add(u64::try_from(over.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        self.polled.notify_waiters();
    }

    /// Closes for good: this node is about to be no member any more.
    pub fn close(&self) {
        self.left.store(true, Ordering::Release);
    }

    /// Whether there is a lease, so that what is not dead in memory is not dead.
    #[must_use]
    pub fn open(&self, clock: &Clock) -> bool {
        self.within(Duration::ZERO, clock)
    }

    /// Whether rights in memory may be used without a lease.
    #[must_use]
    pub fn lets_rights_pass(&self, clock: &Clock) -> bool {
        !self.stale_when_blind.is_zero() && self.within(self.stale_when_blind, clock)
    }

    /// How long ago the last successful poll was sent; nothing before the first.
    #[must_use]
    pub fn age(&self, clock: &Clock) -> Option<Duration> {
        let heard = self.heard.load(Ordering::Acquire);
        (heard != NEVER).then(|| clock.boot().since(Boot::from_nanos(heard)))
    }

    /// How long there was no lease since the first one.
    #[must_use]
    pub fn blind(&self, clock: &Clock) -> Duration {
        let now = self.age(clock).map_or(Duration::ZERO, |age| age.saturating_sub(LEASE));
        Duration::from_nanos(self.blind.load(Ordering::Relaxed)) + now
    }

    /// Has the log polled at once, and waits for the next successful poll, at most 250 ms.
    pub async fn wait(&self) {
        let polled = self.polled.notified();
        self.wanted.notify_one();
        // Elapsed or not, the caller looks at the fence again.
        let _ = patience::within(PATIENCE, polled).await;
    }

    /// Returns when a request finds the fence closed.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    fn within(&self, spare: Duration, clock: &Clock) -> bool {
        let heard = self.heard.load(Ordering::Acquire);
        heard != NEVER
            && !self.left.load(Ordering::Acquire)
            && clock.boot() < Boot::from_nanos(heard).plus(LEASE).plus(spare)
    }
}

const NEVER: u64 = 0;
const PATIENCE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_runs_from_before_the_poll_and_rights_may_pass_for_longer() {
        let clock = Clock::manual();
        clock.advance(Duration::from_secs(5));
        let fence = Fence::new(Duration::from_secs(60));
        assert!(!fence.open(&clock) && !fence.lets_rights_pass(&clock));
        let sent = clock.boot();
        clock.advance(Duration::from_millis(600));
        fence.heard(sent, clock.boot());
        clock.advance(Duration::from_millis(399));
        assert!(fence.open(&clock));
        clock.advance(Duration::from_millis(1));
        assert!(!fence.open(&clock) && fence.lets_rights_pass(&clock));
        clock.advance(Duration::from_secs(60));
        assert!(!fence.lets_rights_pass(&clock));
    }

    #[test]
    fn with_zero_no_rights_pass_without_a_lease_and_who_left_has_none() {
        let clock = Clock::manual();
        clock.advance(Duration::from_secs(5));
        let fence = Fence::new(Duration::ZERO);
        fence.heard(clock.boot(), clock.boot());
        assert!(fence.open(&clock) && !fence.lets_rights_pass(&clock));
        fence.close();
        fence.heard(clock.boot(), clock.boot());
        assert!(!fence.open(&clock));
    }
}
