//! From changes to changes that hold everywhere: learned here at once, written down, and waited for.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{error, info};

use super::backlog::{Backlog, Durable};
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
    backlog: Backlog,
    trouble: Mutex<Option<Arc<StoreError>>>,
    /// How long the last one took that held everywhere.
    last: watch::Sender<Duration>,
}

/// Why an announcement was not answered in time. It is dead on this node already.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AnnounceError {
    /// It is not known to be durable. It is written as soon as the database takes it, unless too much waits for that.
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
        let backlog = Backlog::new(metrics.waiting().clone());
        let (trouble, last) = (Mutex::default(), watch::Sender::default());
        Self { store, standing, spread, metrics, clock, backlog, trouble, last }
    }

    /// Lets changes hold: here at once, and everywhere when this returns. Whoever announces what arrived at `arrived`
    /// is answered before Keycloak stops waiting; who goes away, or is told of an error, leaves the writing behind.
    ///
    /// # Errors
    /// The time is up, or too much waits to be written already.
    pub async fn announce(&self, changes: &[Change], arrived: Boot) -> Result<(), AnnounceError> {
        for change in changes {
            self.standing.learn(change);
        }
        if changes.is_empty() {
            return Ok(());
        }
        // Keycloak tells of one end in several ways, and every node reads its events: what the log has is counted already.
        let is_echo = changes.iter().all(|change| self.standing.written(change).is_some());
        let begun = self.clock.boot();
        let outcome = self.write_and_wait(changes, arrived).await;
        if !is_echo {
            let took = self.clock.boot().since(begun);
            self.metrics.announced(Outcome::of(&outcome), took);
            if outcome.is_ok() {
                self.last.send_replace(took);
            }
        }
        outcome.map(drop)
    }

    /// How long revocations took to hold everywhere, as they do.
    #[must_use]
    pub fn revocations(&self) -> watch::Receiver<Duration> {
        self.last.subscribe()
    }

    async fn write_and_wait(&self, changes: &[Change], arrived: Boot) -> Result<Known, AnnounceError> {
        let Durable { position, at } = match timeout(self.left(arrived), self.make_durable(changes)).await {
            Ok(outcome) => outcome.map_err(|error| AnnounceError::Unwritten(Arc::new(error)))?,
            Err(_) => return Err(AnnounceError::Unwritten(self.late())),
        };
        let told = timeout(self.left(arrived), self.spread.wait(position, at)).await;
        told.map_err(|_| AnnounceError::Untold)
    }

    /// What the log has already is not written again; what waits already is not written twice.
    async fn make_durable(&self, changes: &[Change]) -> Result<Durable, StoreError> {
        if changes.iter().any(|change| change.key.contains('\0') || change.issuer.contains('\0')) {
            // No database writes it, and it must not keep the others from being written.
            return Err(StoreError::RowInvalid("a key with a NUL".to_owned()));
        }
        let mut durable = Durable { position: Position::START, at: self.clock.boot() };
        let mut unwritten = Vec::new();
        for change in changes {
            match self.standing.written(change) {
                Some(position) => durable.position = durable.position.max(position),
                None => unwritten.push(change),
            }
        }
        if unwritten.is_empty() {
            return Ok(durable);
        }
        let full = |source| StoreError::Unavailable { what: "record", source: Box::new(source) };
        for told in self.backlog.add(unwritten.into_iter()).map_err(full)? {
            let gone = |source| StoreError::Unavailable { what: "record", source: Box::new(source) };
            durable = durable.and(told.await.map_err(gone)?);
        }
        Ok(durable)
    }

    /// Writes what is announced, until it is dropped.
    pub async fn write(self: Arc<Self>) {
        loop {
            let changes = self.backlog.first().await;
            let durable = self.record(&changes).await;
            self.backlog.written(changes.len(), durable);
        }
    }

    /// Returns when nothing is left to write, at the latest after `patience`; how much is left.
    pub async fn finish(&self, patience: Duration) -> usize {
        let empty = async {
            while self.backlog.len() > 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        // What is left is told below.
        let _ = timeout(patience, empty).await;
        self.backlog.len()
    }

    /// Until it is durable. An error is no answer: the changes may have been written, and are written again; the later
    /// place in the log is the one that is waited for.
    async fn record(&self, changes: &[Change]) -> Durable {
        let mut patience = FIRST_TRY;
        loop {
            let error = match timeout(patience, self.store.record(changes)).await {
                Ok(Ok(position)) => {
                    let durable = Durable { position, at: self.clock.boot() };
                    if self.trouble.lock().take().is_some() {
                        info!("revocations are written to the change log again");
                    }
                    return durable;
                }
                Ok(Err(error)) => error,
                Err(_) => StoreError::TimedOut(patience),
            };
            self.report(error);
            tokio::time::sleep(PAUSE).await;
            patience = patience.saturating_mul(2).min(LONGEST_TRY);
        }
    }

    fn report(&self, error: StoreError) {
        let error = Arc::new(error);
        if self.trouble.lock().replace(Arc::clone(&error)).is_none() {
            let error = &*error as &dyn std::error::Error;
            error!(error, "revocations cannot be written to the change log: they hold on this node alone");
        }
    }

    fn left(&self, arrived: Boot) -> Duration {
        DEADLINE.saturating_sub(self.clock.boot().since(arrived))
    }

    fn late(&self) -> Arc<StoreError> {
        self.trouble.lock().clone().unwrap_or_else(|| Arc::new(StoreError::TimedOut(DEADLINE)))
    }
}

/// From arrival to answer, all included: Keycloak waits for 5 s.
const DEADLINE: Duration = Duration::from_millis(4500);
/// A connection that is dead must not cost the whole time; a disk that is slow must get it in the end.
const FIRST_TRY: Duration = Duration::from_secs(1);
const LONGEST_TRY: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
