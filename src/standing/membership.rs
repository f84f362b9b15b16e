//! This node among the members: joined before it serves, and gone after it has judged its last request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::Standing;
use crate::id;
use crate::store::{Batch, Node, Store, StoreError};
use crate::sync::Mutex;

/// The membership of this process, under a fresh id each time that it joins.
pub struct Membership {
    store: Arc<dyn Store>,
    standing: Arc<Standing>,
    node: Node,
    id: Mutex<Option<Uuid>>,
}

impl Membership {
    /// No member yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, standing: Arc<Standing>, node: Node) -> Self {
        Self { store, standing, node, id: Mutex::new(None) }
    }

    /// Polls as a member; joins first where this node is none. Nothing where it turns out that it was evicted.
    pub(super) async fn attend(&self, applied: Option<Uuid>) -> Result<Option<Batch>, StoreError> {
        let id = match *self.id.lock() {
            Some(id) => id,
            None => id::node_id(),
        };
        if *self.id.lock() != Some(id) {
            // Committed before the first poll, whose snapshot then holds every change that did not wait for us.
            self.store.join(id, &self.node).await?;
            *self.id.lock() = Some(id);
        }
        let batch = self.store.attend(id, applied).await?;
        if batch.is_none() {
            info!("this node was taken for dead and joins again");
            *self.id.lock() = None;
        }
        Ok(batch)
    }

    /// Notes how long revocations took to hold everywhere, for whoever looks at the nodes; the last one of each second.
    pub async fn note_revocations(&self, mut revocations: watch::Receiver<Duration>) {
        while revocations.changed().await.is_ok() {
            let took = *revocations.borrow_and_update();
            let id = *self.id.lock();
            if let Some(id) = id
                && let Err(error) = self.store.note_revocation(id, took).await
            {
                debug!(error = &error as &dyn std::error::Error, "how long a revocation took could not be noted");
            }
            tokio::time::sleep(BETWEEN_NOTES).await;
        }
    }

    /// Judges nothing from now on, and says so. What follows the log must have ended.
    pub async fn leave(&self) {
        self.standing.fence().close();
        self.step_out().await;
    }

    /// Is no member until it polls again. Its lease must have ended.
    pub(super) async fn step_out(&self) {
        let id = self.id.lock().take();
        if let Some(id) = id
            && let Err(error) = self.store.leave(id).await
        {
            let error = &error as &dyn std::error::Error;
            warn!(error, "this node could not leave the others, which will wait for it once");
        }
    }
}

const BETWEEN_NOTES: Duration = Duration::from_secs(1);
