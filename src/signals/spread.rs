//! From a durable change to one that holds everywhere: every node has applied it, or no node that has not can hold a
//! lease any more, by our own clock.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tracing::{info, warn};

use crate::clock::{Boot, Clock};
use crate::store::{GRACE, Look, Position, Store};

/// Waits for the other nodes, with one look for all who wait.
pub struct Spread {
    store: Arc<dyn Store>,
    clock: Clock,
    waiting: Mutex<Vec<Waiting>>,
    more: Notify,
    latest: Mutex<Option<Look>>,
    rounds: Mutex<Option<Look>>,
}

/// How it became known that a change holds everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Every node has said so.
    Told,
    /// The last lease of a node that did not is over.
    Waited,
}

struct Waiting {
    position: Position,
    committed: Boot,
    done: tokio::sync::oneshot::Sender<Known>,
}

impl Spread {
    /// Looks at nothing before [`Spread::run`] runs.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self {
            store,
            clock,
            waiting: Mutex::default(),
            more: Notify::new(),
            latest: Mutex::default(),
            rounds: Mutex::default(),
        }
    }

    /// Returns when what is written up to `position` holds on every node; it was seen to be durable at `committed`,
    /// never before.
    pub async fn wait(&self, position: Position, committed: Boot) -> Known {
        let (done, known) = tokio::sync::oneshot::channel();
        self.waiting.lock().push(Waiting { position, committed, done });
        self.more.notify_one();
        // The clock is the proof: it needs nobody who looks.
        let left = GRACE.saturating_sub(self.clock.boot().since(committed));
        match tokio::time::timeout(left, known).await {
            Ok(Ok(known)) => known,
            Ok(Err(_)) | Err(_) => {
                self.until(committed.plus(GRACE)).await;
                Known::Waited
            }
        }
    }

    /// What was last seen of the nodes.
    #[must_use]
    pub fn latest(&self) -> Option<Look> {
        self.latest.lock().clone()
    }

    /// Compares who is there with those that were there when it was last asked, and evicts who stood still since.
    pub async fn bury_the_dead(&self) {
        let Some(now) = self.look().await else { return };
        let before = self.rounds.lock().replace(now.clone());
        if let Some(before) = before {
            self.evict(&before, &now).await;
        }
    }

    /// Looks while somebody waits, and evicts who stood still meanwhile; until it is dropped.
    pub async fn run(self: Arc<Self>) {
        loop {
            self.more.notified().await;
            self.watch().await;
        }
    }

    async fn watch(&self) {
        let mut first: Option<Look> = None;
        let mut looks: u32 = 0;
        loop {
            let look = self.look().await;
            self.waiting.lock().retain(|waiting| !waiting.done.is_closed());
            let Some(look) = look else {
                tokio::time::sleep(SELDOM).await;
                if self.waiting.lock().is_empty() {
                    return;
                }
                continue;
            };
            self.tell(&look);
            let behind = !look.is_everywhere(look.newest);
            match &first {
                // Only somebody who is behind has to be watched, and only by a connection that knows everybody.
                None if !behind || !look.is_complete() => {}
                None => first = Some(look.clone()),
                Some(seen) if seen.line != look.line => first = Some(look.clone()),
                Some(seen) if look.sent >= seen.sent.plus(GRACE) => {
                    self.evict(seen, &look).await;
                    first = None;
                }
                Some(_) => {}
            }
            if self.waiting.lock().is_empty() && !behind {
                return;
            }
            tokio::time::sleep(pause(looks)).await;
            looks = looks.saturating_add(1);
        }
    }

    async fn look(&self) -> Option<Look> {
        // A look that fails changes nothing: then the clock answers.
        let look = self.store.look().await.ok();
        if look.is_some() {
            self.latest.lock().clone_from(&look);
        }
        look
    }

    /// A look counts for changes that were durable before it was sent.
    fn tell(&self, look: &Look) {
        if !look.is_complete() {
            return;
        }
        let mut waiting = self.waiting.lock();
        for done in
            waiting.extract_if(.., |waiting| waiting.committed <= look.sent && look.is_everywhere(waiting.position))
        {
            // Who does not wait any more has been told by the clock.
            let _ = done.done.send(Known::Told);
        }
    }

    async fn evict(&self, first: &Look, later: &Look) {
        for member in first.still(later) {
            match self.store.evict(member, &later.line).await {
                Ok(true) => info!(node = %member.node.name, id = %member.id, "a node that stands still was removed"),
                Ok(false) => {}
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, node = %member.node.name, "a node that stands still could not be removed");
                }
            }
        }
    }

    /// By our own boot clock, not by the timer's: that stands still while the machine sleeps.
    async fn until(&self, moment: Boot) {
        loop {
            let left = moment.since(self.clock.boot());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }
}

/// Often while most answer, and rarely where somebody lives and does not get on.
fn pause(looks: u32) -> Duration {
    match looks {
        0..25 => SOON,
        25..250 => SELDOM,
        250.. => RARELY,
    }
}

const SOON: Duration = Duration::from_millis(2);
const SELDOM: Duration = Duration::from_millis(20);
const RARELY: Duration = Duration::from_millis(250);
