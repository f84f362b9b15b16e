//! The keys of one issuer as requests see them: found at once, or awaited while one read is in flight.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::{Key, KeySet, KeysMetrics, Pace};
use crate::clock::{Boot, Clock};
use crate::patience;
use crate::sync::{ArcSwap, AtomicU64};

/// The keys of one issuer. They are read by `run`; without it nothing is ever read.
#[derive(Debug)]
pub struct IssuerKeys {
    pub(super) issuer: Arc<str>,
    pub(super) pace: Pace,
    pub(super) clock: Clock,
    pub(super) metrics: KeysMetrics,
    pub(super) reads: watch::Sender<Reads>,
    set: ArcSwap<KeySet>,
    /// Nanoseconds since boot.
    read_at: AtomicU64,
}

const NEVER: u64 = u64::MAX;

/// What is known of the reads so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads {
    /// Whether a read is asked for or in flight.
    pub(super) pending: bool,
    /// Whether the keys have changed since the read in flight began.
    pub(super) outdated: bool,
    /// How many have ended.
    pub(super) ended: u64,
    /// How many failed in a row.
    pub(super) failures: u32,
    /// When an unknown key last asked for one.
    asked_at: Option<Boot>,
}

/// Why no key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The keys are fresh, and none has that name.
    #[error("the issuer has no such key")]
    Unknown,
    /// The keys could not be read, so nobody knows.
    #[error("the keys of the issuer are not available")]
    Unavailable,
}

impl IssuerKeys {
    /// No keys yet, for the issuer of that short name.
    #[must_use]
    pub fn new(issuer: Arc<str>, pace: Pace, clock: Clock, metrics: KeysMetrics) -> Self {
        let (reads, _) = watch::channel(Reads::default());
        Self { issuer, pace, clock, metrics, reads, set: ArcSwap::default(), read_at: AtomicU64::new(NEVER) }
    }

    /// With a set that was read once, just now: for whoever looks once.
    #[must_use]
    pub fn with(self, set: KeySet) -> Self {
        self.replace(set, self.clock.boot());
        self
    }

    /// The short name of the issuer.
    #[must_use]
    pub fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// Waits until keys were read once, at most `bound`; tells whether they were.
    pub async fn load_first(&self, bound: Duration) -> bool {
        let mut reads = self.reads.subscribe();
        let _ = timeout(bound, reads.wait_for(|_| self.is_usable())).await;
        self.is_usable()
    }

    /// Whether there are keys that may still be used.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.age().is_some_and(|age| age <= self.pace.max_stale)
    }

    /// How long ago the keys were read.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        match self.read_at.load(Ordering::Acquire) {
            NEVER => None,
            nanos => Some(self.clock.boot().since(Boot::from_nanos(nanos))),
        }
    }

    /// The key of that name. Awaits only where it is unknown: one read at a time serves all who wait, and keys
    /// that nobody has cannot ask for more than one in a cool-down.
    ///
    /// # Errors
    /// The issuer has no such key, or nobody knows because its keys cannot be read.
    pub async fn find(&self, kid: &str) -> Result<Arc<Key>, KeyError> {
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let awaited = patience::within(self.pace.wait, self.await_read(kid)).await;
        match (self.known(kid), awaited) {
            (Some(key), _) => Ok(key),
            (None, Ok(())) => Err(self.blame()),
            (None, Err(_)) => Err(KeyError::Unavailable),
        }
    }

    /// Asks for a read that begins after this: the issuer has changed its keys.
    pub fn read_again(&self) {
        self.reads.send_modify(|reads| reads.outdated = true);
    }

    /// Whether a key that was found earlier is still the issuer's key of that name.
    #[must_use]
    pub fn vouch_for(&self, key: &Arc<Key>) -> bool {
        self.is_usable() && self.set.load().find(key.kid()) == Some(key)
    }

    /// Takes the gauges of every issuer back, before those that are in use are shown.
    pub(in crate::identity) fn begin_to_observe(&self) {
        self.metrics.begin();
    }

    /// Brings the gauges up to date; to be called before they are read.
    pub fn observe(&self) {
        if let Some(age) = self.age() {
            self.metrics.age(&self.issuer).set(age.as_secs_f64());
            let count = i64::try_from(self.set.load().len()).unwrap_or(i64::MAX);
            self.metrics.keys(&self.issuer).set(count);
        }
    }

    /// Puts a set in place that was read from the issuer just now. An equal set stays the same value, so that
    /// proofs find their very key in it.
    pub(in crate::identity) fn replace(&self, set: KeySet, began: Boot) {
        if **self.set.load() != set {
            self.set.store(Arc::new(set));
        }
        self.read_at.store(began.as_nanos(), Ordering::Release);
    }

    pub(super) fn known(&self, kid: &str) -> Option<Arc<Key>> {
        if self.is_usable() { self.set.load().find(kid).cloned() } else { None }
    }

    /// A read that is in flight may have begun before the key was made, so one more may follow it.
    async fn await_read(&self, kid: &str) {
        let mut reads = self.reads.subscribe();
        for _ in 0..2 {
            let Some(ended) = self.ask() else { return };
            if reads.wait_for(|reads| reads.ended > ended).await.is_err() || self.known(kid).is_some() {
                return;
            }
        }
    }

    /// Joins the read in flight or asks for one; the number of reads that had ended. Nothing in a cool-down, and
    /// before the first success, where reads follow their own back-off.
    fn ask(&self) -> Option<u64> {
        let now = self.clock.boot();
        let mut joined = None;
        self.reads.send_if_modified(|reads| {
            let cooling = reads.asked_at.is_some_and(|at| now.since(at) < self.pace.cool_down);
            let backing_off = self.age().is_none() && reads.ended > 0;
            let asks = !reads.pending && !cooling && !backing_off;
            if asks {
                reads.pending = true;
                reads.asked_at = (reads.ended > 0).then_some(now);
            }
            joined = reads.pending.then_some(reads.ended);
            asks
        });
        joined
    }

    fn blame(&self) -> KeyError {
        let reads = self.reads.borrow();
        if reads.failures == 0 && reads.ended > 0 && self.is_usable() {
            KeyError::Unknown
        } else {
            KeyError::Unavailable
        }
    }
}
