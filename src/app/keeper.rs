//! What cleans up while the gateway runs.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tracing::warn;

use super::Snapshot;
use crate::rights::Directory;
use crate::signals::Spread;
use crate::standing::Standing;
use crate::store::Store;

/// Cleans what has expired, in memory and in the log, and members that are no more.
#[derive(Clone)]
pub(super) struct Keeper {
    pub(super) standing: Arc<Standing>,
    pub(super) directory: Arc<Directory>,
    pub(super) store: Arc<dyn Store>,
    pub(super) spread: Arc<Spread>,
    pub(super) snapshot: Arc<ArcSwap<Snapshot>>,
    /// How long the log is kept.
    pub(super) keep: Duration,
}

impl Keeper {
    pub(super) async fn run(self) {
        loop {
            self.spread.bury_the_dead().await;
            tokio::time::sleep(BETWEEN_SWEEPS).await;
            self.sweep().await;
        }
    }

    async fn sweep(&self) {
        self.standing.sweep();
        self.directory.sweep();
        self.snapshot.load().identities.sweep(self.standing.clock().wall());
        if let Err(error) = self.store.clean(self.keep).await {
            warn!(error = &error as &dyn std::error::Error, "the change log could not be cleaned");
        }
    }
}

const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);
