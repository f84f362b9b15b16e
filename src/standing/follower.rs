//! Reads the log again and again and applies it: the only road on which changes reach this node's memory, and on
//! which it gets its lease.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};
use uuid::Uuid;

use super::confirm::catalogue_change;
use super::{Membership, Standing};
use crate::clock::{Boot, Clock, Timestamp};
use crate::rights::Directory;
use crate::store::{Batch, Store, StoreError};

/// Follows the log on behalf of one node.
pub struct Follower {
    store: Arc<dyn Store>,
    membership: Arc<Membership>,
    standing: Arc<Standing>,
    directory: Arc<Directory>,
    clock: Clock,
    applied: Option<Uuid>,
    /// When the last poll was sent that succeeded.
    heard: Option<Boot>,
    /// Whether this node has stepped out, because it could not apply what it read.
    is_outside: bool,
}

/// What a poll has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    /// Nothing: what was sent says how far this node is.
    None,
    /// Something, so that the next poll has something to say.
    Some,
}

impl Follower {
    /// Begins before the first change.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        membership: Arc<Membership>,
        standing: Arc<Standing>,
        directory: Arc<Directory>,
    ) -> Self {
        let clock = standing.clock().clone();
        Self { store, membership, standing, directory, clock, applied: None, heard: None, is_outside: false }
    }

    /// Joins, and reads the whole log. Nothing is served before this has succeeded.
    pub async fn load(&mut self) -> Result<(), StoreError> {
        while self.poll().await? == News::Some {}
        Ok(())
    }

    /// Follows until it is dropped. A poll that fails is logged when it begins to fail and when it works again;
    /// the fence closes by itself.
    pub async fn follow(mut self) {
        let mut failing = false;
        loop {
            let outcome = self.poll().await;
            match &outcome {
                Ok(_) if failing => info!("the change log can be read again"),
                Err(error) if !failing => {
                    let error = error as &dyn std::error::Error;
                    error!(error, "the change log cannot be read: this node is blind after a second");
                }
                Ok(_) | Err(_) => {}
            }
            failing = outcome.is_err();
            match outcome {
                Ok(News::Some) => {}
                Ok(News::None) => self.rest().await,
                Err(_) if self.is_outside => tokio::time::sleep(OUTSIDE).await,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Until the log may have grown, or somebody waits for a lease.
    async fn rest(&self) {
        tokio::select! {
            () = self.store.changed() => {}
            () = self.standing.fence().wanted() => {}
        }
    }

    /// Apply, then acknowledge, then extend: the fence must not open on rows that are not applied yet.
    async fn poll(&mut self) -> Result<News, StoreError> {
        let sent = self.clock.boot();
        let Some(batch) = self.membership.attend(self.applied).await? else { return Ok(News::Some) };
        let news = self.take(batch, sent).await;
        self.is_outside = news.is_err() && !self.standing.sees();
        if self.is_outside {
            // Who polls and cannot apply is alive to the others, and each of their answers would wait for it.
            self.membership.step_out().await;
        }
        news
    }

    async fn take(&mut self, batch: Batch, sent: Boot) -> Result<News, StoreError> {
        self.compare(batch.clock)?;
        // Of a log that was empty there is no place to go on from, and what was in it may be cleaned away already.
        let is_first = self.applied.is_none() && self.heard.is_some() && !batch.entries.is_empty();
        if is_first {
            self.standing.begin_anew();
        }
        self.standing.apply(&batch, self.heard);
        if batch.restarted {
            warn!("the change log is another one (a restored backup, a failover?): everything is read again");
            self.write_back(&batch).await?;
        }
        if batch.restarted || is_first {
            self.directory.restart().await?;
        }
        if is_first {
            self.standing.streams().touch_all();
        }
        if let Some(position) = catalogue_change(&batch) {
            self.directory.refresh_catalogue(position).await?;
        }
        match batch.entries.last() {
            Some(newest) => {
                self.applied = Some(newest.tag);
                self.standing.applied(newest.position);
            }
            None if batch.restarted => self.applied = None,
            None => {}
        }
        self.heard = Some(sent);
        self.standing.fence().heard(sent, self.clock.boot());
        Ok(if batch.entries.is_empty() { News::None } else { News::Some })
    }

    /// What this node knows to be dead and the log has lost is written again, before this node counts as having read
    /// the log. Every node does so; twice is harmless.
    async fn write_back(&self, batch: &Batch) -> Result<(), StoreError> {
        for lost in self.standing.lacking(batch).chunks(AT_ONCE) {
            warn!(entries = lost.len(), "revocations that the change log has lost are written again");
            self.store.record(lost).await?;
        }
        Ok(())
    }

    /// With a clock that is far off, tokens would be accepted for longer than their revocations are kept.
    fn compare(&self, database: Option<Timestamp>) -> Result<(), StoreError> {
        let here = self.clock.wall();
        match database.map(|there| here.since(there).max(there.since(here))) {
            Some(apart) if apart > CLOCKS_APART => Err(StoreError::Unavailable {
                what: "poll",
                source: format!("the clocks of this machine and of the database differ by {apart:?}: set them").into(),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

const PAUSE: Duration = Duration::from_millis(100);
/// Before it joins again.
const OUTSIDE: Duration = Duration::from_secs(1);
const CLOCKS_APART: Duration = Duration::from_secs(60);
/// Of one transaction.
const AT_ONCE: usize = 1000;
