//! From changes to changes that hold: learned here at once, written down, and told when that is done.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use tracing::{error, info};

use crate::clock::{Boot, Clock};
use crate::standing::Standing;
use crate::store::{Change, ChangeLog, StoreError};

/// Announces what is dead. Those who announce at once share a transaction.
pub struct Announcer {
    log: Arc<dyn ChangeLog>,
    standing: Arc<Standing>,
    clock: Clock,
    waiting: Mutex<Vec<Announcement>>,
    more: Notify,
    trouble: Mutex<Option<Arc<StoreError>>>,
}

/// Changes that are to be written, and who waits for it.
struct Announcement {
    changes: Vec<Change>,
    done: oneshot::Sender<()>,
}

/// Why an announcement was not answered in time. It is dead on this node already, and is written as soon as the
/// database takes it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AnnounceError {
    /// It is not known to be durable.
    #[error("the change could not be written to the change log in time")]
    Unwritten(#[source] Arc<StoreError>),
}

impl Announcer {
    /// Writes nothing before [`Announcer::write`] runs.
    #[must_use]
    pub fn new(log: Arc<dyn ChangeLog>, standing: Arc<Standing>, clock: Clock) -> Self {
        let (waiting, more, trouble) = (Mutex::default(), Notify::new(), Mutex::default());
        Self { log, standing, clock, waiting, more, trouble }
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
        if changes.iter().any(|change| change.key.contains('\0') || change.issuer.contains('\0')) {
            // No database writes it, and it must not keep the others from being written.
            return Err(AnnounceError::Unwritten(Arc::new(StoreError::RowInvalid("a key with a NUL".to_owned()))));
        }
        let (done, answer) = oneshot::channel();
        self.waiting.lock().push(Announcement { changes: changes.to_vec(), done });
        self.more.notify_one();
        let left = DEADLINE.saturating_sub(self.clock.boot().since(arrived));
        match timeout(left, answer).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(AnnounceError::Unwritten(self.reason())),
        }
    }

    /// Writes what is announced, until it is dropped.
    pub async fn write(self: Arc<Self>) {
        loop {
            self.more.notified().await;
            let batch = std::mem::take(&mut *self.waiting.lock());
            let changes: Vec<_> = batch.iter().flat_map(|announcement| announcement.changes.clone()).collect();
            self.record(&changes).await;
            for announcement in batch {
                // Whoever does not wait any more was told of an error.
                let _ = announcement.done.send(());
            }
        }
    }

    /// Until it is durable. An error is no answer: the changes may have been written, and are written again.
    async fn record(&self, changes: &[Change]) {
        while let Err(error) = self.log.record(changes).await {
            let error = Arc::new(error);
            if self.trouble.lock().replace(Arc::clone(&error)).is_none() {
                let error = &*error as &dyn std::error::Error;
                error!(error, "revocations cannot be written to the change log: they hold on this node alone");
            }
            tokio::time::sleep(PAUSE).await;
        }
        if self.trouble.lock().take().is_some() {
            info!("revocations are written to the change log again");
        }
    }

    fn reason(&self) -> Arc<StoreError> {
        self.trouble.lock().clone().unwrap_or_else(|| Arc::new(StoreError::TimedOut(DEADLINE)))
    }
}

/// From arrival to answer, all included: Keycloak waits for 5 s.
const DEADLINE: Duration = Duration::from_millis(4500);
const PAUSE: Duration = Duration::from_millis(100);
