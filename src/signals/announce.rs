//! From changes to changes that hold everywhere: learned here at once, written down, and waited for.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use tracing::{error, info};

use super::spread::{Known, Spread};
use super::{AnnounceMetrics, Outcome};
use crate::clock::{Boot, Clock};
use crate::standing::Standing;
use crate::store::{Change, Position, Store, StoreError};

/// Announces what is dead. Those who announce at once share a transaction.
pub struct Announcer {
    store: Arc<dyn Store>,
    standing: Arc<Standing>,
    spread: Arc<Spread>,
    metrics: AnnounceMetrics,
    clock: Clock,
    queue: Mutex<Queue>,
    more: Notify,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Announcement>,
    /// Taken from those that wait, and not durable yet.
    writing: usize,
    trouble: Option<Arc<StoreError>>,
}

/// Changes that are to be written, and who waits for it.
struct Announcement {
    changes: Vec<Change>,
    durable: oneshot::Sender<Durable>,
}

/// Where changes are in the log, and when that was known.
#[derive(Clone, Copy)]
struct Durable {
    position: Position,
    at: Boot,
}

/// Why an announcement was not answered in time. It is dead on this node already, and is written as soon as the
/// database takes it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AnnounceError {
    /// It is not known to be durable.
    #[error("the change could not be written to the change log in time")]
    Unwritten(#[source] Arc<StoreError>),
    /// It is durable, and not known to hold on every node.
    #[error("the change could not be told to every node in time")]
    Untold,
}

impl Announcer {
    /// Writes nothing before [`Announcer::write`] runs.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, standing: Arc<Standing>, spread: Arc<Spread>, metrics: AnnounceMetrics) -> Self {
        let clock = standing.clock().clone();
        Self { store, standing, spread, metrics, clock, queue: Mutex::default(), more: Notify::new() }
    }

    /// Lets changes hold: here at once, and everywhere when this returns. Whoever announces what arrived at `arrived`
    /// is answered before Keycloak stops waiting; who goes away, or is told of an error, leaves the writing behind.
    ///
    /// # Errors
    /// The time is up.
    pub async fn announce(&self, changes: &[Change], arrived: Boot) -> Result<(), AnnounceError> {
        for change in changes {
            self.standing.learn(change);
        }
        let begun = self.clock.boot();
        let left = DEADLINE.saturating_sub(begun.since(arrived));
        let outcome = match timeout(left, self.write_and_wait(changes)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.late()),
        };
        self.metrics.announced(Outcome::of(&outcome), self.clock.boot().since(begun));
        outcome.map(drop)
    }

    async fn write_and_wait(&self, changes: &[Change]) -> Result<Known, AnnounceError> {
        if changes.iter().any(|change| change.key.contains('\0') || change.issuer.contains('\0')) {
            // No database writes it, and it must not keep the others from being written.
            let why = StoreError::RowInvalid("a key with a NUL".to_owned());
            return Err(AnnounceError::Unwritten(Arc::new(why)));
        }
        let (durable, written) = oneshot::channel();
        self.queue.lock().waiting.push(Announcement { changes: changes.to_vec(), durable });
        self.more.notify_one();
        match written.await {
            Ok(Durable { position, at }) => Ok(self.spread.wait(position, at).await),
            Err(_) => Err(self.late()),
        }
    }

    /// Writes what is announced, until it is dropped.
    pub async fn write(self: Arc<Self>) {
        loop {
            self.more.notified().await;
            let batch = self.take();
            if batch.is_empty() {
                continue;
            }
            let changes: Vec<_> = batch.iter().flat_map(|announcement| announcement.changes.clone()).collect();
            let durable = self.record(&changes).await;
            self.queue.lock().writing = 0;
            for announcement in batch {
                // Whoever does not wait any more was told of an error.
                let _ = announcement.durable.send(durable);
            }
        }
    }

    /// Returns when nothing is left to write, at the latest after `patience`; how much is left.
    pub async fn finish(&self, patience: Duration) -> usize {
        let left = || {
            let queue = self.queue.lock();
            queue.waiting.len() + queue.writing
        };
        let empty = async {
            while left() > 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        // What is left is told below.
        let _ = timeout(patience, empty).await;
        left()
    }

    fn take(&self) -> Vec<Announcement> {
        let mut queue = self.queue.lock();
        let batch = std::mem::take(&mut queue.waiting);
        queue.writing = batch.len();
        batch
    }

    /// Until it is durable. An error is no answer: the changes may have been written, and are written again; the later
    /// place in the log is the one that is waited for.
    async fn record(&self, changes: &[Change]) -> Durable {
        let mut patience = FIRST_TRY;
        loop {
            let error = match timeout(patience, self.store.record(changes)).await {
                Ok(Ok(position)) => {
                    let durable = Durable { position, at: self.clock.boot() };
                    if self.queue.lock().trouble.take().is_some() {
                        info!("revocations are written to the change log again");
                    }
                    return durable;
                }
                Ok(Err(error)) => error,
                Err(_) => StoreError::TimedOut(patience),
            };
            self.trouble(error);
            tokio::time::sleep(PAUSE).await;
            patience = patience.saturating_mul(2).min(LONGEST_TRY);
        }
    }

    fn trouble(&self, error: StoreError) {
        let error = Arc::new(error);
        if self.queue.lock().trouble.replace(Arc::clone(&error)).is_none() {
            let error = &*error as &dyn std::error::Error;
            error!(error, "revocations cannot be written to the change log: they hold on this node alone");
        }
    }

    fn late(&self) -> AnnounceError {
        let queue = self.queue.lock();
        match &queue.trouble {
            Some(trouble) => AnnounceError::Unwritten(Arc::clone(trouble)),
            None if queue.waiting.len() + queue.writing > 0 => {
                AnnounceError::Unwritten(Arc::new(StoreError::TimedOut(DEADLINE)))
            }
            None => AnnounceError::Untold,
        }
    }
}

/// From arrival to answer, all included: Keycloak waits for 5 s.
const DEADLINE: Duration = Duration::from_millis(4500);
/// A connection that is dead must not cost the whole time; a disk that is slow must get it in the end.
const FIRST_TRY: Duration = Duration::from_secs(1);
const LONGEST_TRY: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
