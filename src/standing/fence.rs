//! Whether this node still hears of changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::{Boot, Clock};

/// Closes when the log could not be read for too long: what is in memory may then be outdated, and nobody
/// would know.
#[derive(Debug)]
pub struct Fence {
    heard: AtomicU64,
    polled: Notify,
    reach: Duration,
}

impl Fence {
    /// Stays open for one second and `stale_when_blind` after a successful poll was sent.
    #[must_use]
    pub fn new(stale_when_blind: Duration) -> Self {
        Self { heard: AtomicU64::new(NEVER), polled: Notify::new(), reach: LEASE.saturating_add(stale_when_blind) }
    }

    /// A poll that was sent at `sent` succeeded, and its rows are applied.
    pub fn heard(&self, sent: Boot) {
        self.heard.store(sent.as_nanos(), Ordering::Release);
        self.polled.notify_waiters();
    }

    /// Whether memory may be trusted.
    #[must_use]
    pub fn open(&self, clock: &Clock) -> bool {
        let heard = self.heard.load(Ordering::Acquire);
        heard != NEVER && clock.boot() < Boot::from_nanos(heard).plus(self.reach)
    }

    /// How long ago the last successful poll was sent; nothing before the first.
    #[must_use]
    pub fn age(&self, clock: &Clock) -> Option<Duration> {
        let heard = self.heard.load(Ordering::Acquire);
        (heard != NEVER).then(|| clock.boot().since(Boot::from_nanos(heard)))
    }

    /// Waits for the next successful poll, at most 250 ms.
    pub async fn wait(&self) {
        // Elapsed or not, the caller looks at the fence again.
        let _ = tokio::time::timeout(PATIENCE, self.polled.notified()).await;
    }
}

const NEVER: u64 = 0;
const LEASE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(250);
