//! What outlives a reload.

use tokio::sync::watch;

use crate::clock::Clock;
use crate::telemetry::Journal;

/// The services that every request uses.
pub struct Services {
    /// Where the end of a request is written down.
    pub journal: Journal,
    /// The clock.
    pub clock: Clock,
    /// Turns `true` when the node is about to stop.
    pub stopping: watch::Receiver<bool>,
}

impl Services {
    /// Whether the node is about to stop: then no connection is kept for another request.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}
