//! What outlives a reload.

use std::sync::Arc;

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
}
