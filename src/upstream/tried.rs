//! What one request has tried.

use std::sync::Arc;

use super::Server;
use super::waiting::Waiter;

/// The servers that one request has tried. One that it could not reach is not tried again; one whose kept connection
/// broke may be, on a new connection.
#[derive(Debug, Default)]
pub struct Tried {
    pub(super) latest: Option<Arc<Server>>,
    pub(super) unreachable: Vec<Arc<Server>>,
    pub(super) is_probe: bool,
    /// Whether the latest server was one that is tried again after a rest.
    pub(super) is_second_chance: bool,
    /// From the end of the request to the beginning of the answer.
    pub(super) waiter: Option<Waiter>,
    pub(super) is_answered: bool,
}

impl Tried {
    /// The server of the latest try.
    #[must_use]
    pub fn latest(&self) -> Option<&Arc<Server>> {
        self.latest.as_ref()
    }

    pub(super) fn could_not_reach(&self, server: &Arc<Server>) -> bool {
        self.unreachable.iter().any(|tried| Arc::ptr_eq(tried, server))
    }
}
