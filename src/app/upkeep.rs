//! What is done for an upstream beside its requests: its names are followed, its servers are asked how they are.

use std::sync::Arc;

use super::running::Running;
use crate::proxy::HealthChecks;
use crate::upstream::Upstream;

/// The task of an upstream; it ends when a snapshot without it is in force.
#[derive(Clone)]
pub(super) struct Upkeep {
    upstream: Arc<Upstream>,
    _task: Arc<Running>,
}

impl Upkeep {
    /// The task of an upstream: the one from before where the upstream is the same, or a new one.
    pub(super) fn of(upstream: &Arc<Upstream>, before: &[Self], checks: &Arc<HealthChecks>) -> Self {
        let same = before.iter().find(|before| Arc::ptr_eq(&before.upstream, upstream));
        same.cloned().unwrap_or_else(|| Self::new(upstream, checks))
    }

    fn new(upstream: &Arc<Upstream>, checks: &Arc<HealthChecks>) -> Self {
        let task = Running::restarting("upstream", {
            let (upstream, checks) = (Arc::clone(upstream), Arc::clone(checks));
            move || {
                let (upstream, checks) = (Arc::clone(&upstream), Arc::clone(&checks));
                async move {
                    tokio::join!(upstream.follow_names(), checks.run(&upstream));
                    // Neither names nor checks: nothing to do.
                    std::future::pending().await
                }
            }
        });
        Self { upstream: Arc::clone(upstream), _task: Arc::new(task) }
    }
}
