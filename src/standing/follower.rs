//! Reads the log again and again and applies it: the only road on which changes reach this node's memory.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};
use uuid::Uuid;

use super::Standing;
use super::confirm::catalogue_change;
use crate::clock::Clock;
use crate::rights::Directory;
use crate::store::{ChangeLog, StoreError};

/// Follows the log on behalf of one node.
pub struct Follower {
    log: Arc<dyn ChangeLog>,
    standing: Arc<Standing>,
    directory: Arc<Directory>,
    clock: Clock,
    position: Option<Uuid>,
}

impl Follower {
    /// Begins before the first change.
    #[must_use]
    pub fn new(log: Arc<dyn ChangeLog>, standing: Arc<Standing>, directory: Arc<Directory>, clock: Clock) -> Self {
        Self { log, standing, directory, clock, position: None }
    }

    /// Reads the whole log once. Nothing is served before this has succeeded.
    pub async fn load(&mut self) -> Result<(), StoreError> {
        self.poll().await
    }

    /// Follows until it is dropped. A poll that fails is logged when it begins to fail and when it works again;
    /// the fence closes by itself.
    pub async fn follow(mut self) {
        let mut failing = false;
        loop {
            self.log.changed().await;
            let outcome = self.poll().await;
            match outcome {
                Ok(()) if failing => info!("the change log can be read again"),
                Err(ref error) if !failing => {
                    error!(
                        error = error as &dyn std::error::Error,
                        "the change log cannot be read: protected routes will answer 503"
                    );
                }
                Ok(()) | Err(_) => {}
            }
            failing = outcome.is_err();
            if failing {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Apply, then extend: the fence must not open on rows that are not applied yet.
    async fn poll(&mut self) -> Result<(), StoreError> {
        let sent = self.clock.boot();
        let batch = self.log.poll(self.position).await?;
        self.standing.apply(&batch);
        if batch.restarted {
            warn!("the change log is another one (a restored backup?): everything is read again");
            self.directory.restart().await?;
        }
        if let Some(position) = catalogue_change(&batch) {
            self.directory.refresh_catalogue(position).await?;
        }
        match batch.entries.last() {
            Some(newest) => self.position = Some(newest.tag),
            None if batch.restarted => self.position = None,
            None => {}
        }
        self.standing.fence().heard(sent);
        Ok(())
    }
}

const PAUSE: Duration = Duration::from_millis(100);
