//! What the connections of a realm share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::keys::Keys;
use crate::requests::Counts;
use crate::state::State;

/// What the connections of a realm share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) realm: String,
    /// `http://address:port`
    pub(crate) origin: String,
    pub(crate) issuer: String,
    pub(crate) keys: Keys,
    pub(crate) faults: Faults,
    pub(crate) counts: Counts,
    pub(crate) clock: Clock,
    pub(crate) proxy_headers: bool,
    pub(crate) login_milliseconds: AtomicU64,
    pub(crate) state: Mutex<State>,
}

impl Inner {
    /// How long a log-in by password takes.
    pub(crate) fn login_takes(&self) -> Duration {
        Duration::from_millis(self.login_milliseconds.load(Ordering::Relaxed))
    }

    /// The state as of now: what is over is forgotten first. Never held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.expire(self.clock.now());
        state
    }
}
