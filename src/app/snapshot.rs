//! What a reload swaps whole.

use std::sync::Arc;

use crate::request::TrustedProxies;
use crate::routing::Routes;
use crate::upstream::Upstreams;

/// Everything of the settings that a request looks at. A request keeps the one that it began with.
pub struct Snapshot {
    /// The routes, ours among them.
    pub routes: Routes,
    /// The upstreams.
    pub upstreams: Arc<Upstreams>,
    /// Whose word about the client counts.
    pub trusted_proxies: TrustedProxies,
}
