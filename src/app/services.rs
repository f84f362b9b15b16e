//! What outlives a reload.

use std::sync::Arc;

use tokio::sync::watch;

use crate::api::Api;
use crate::clock::Clock;
use crate::gateway::Gateway;
use crate::telemetry::Journal;

/// The services that every request uses.
pub struct Services {
    /// The steps from credential to grant.
    pub gateway: Arc<Gateway>,
    /// The endpoints of our own.
    pub api: Api,
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
