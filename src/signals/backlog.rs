//! Changes that wait to be written: each once, however often it is announced, in the order in which they came.

use std::collections::{HashMap, VecDeque};

use futures_util::FutureExt;
use futures_util::future::Shared;
use parking_lot::Mutex;
use prometheus::IntGauge;
use tokio::sync::{Notify, oneshot};

use crate::clock::Boot;
use crate::store::{Change, Position};

/// The changes, of bounded number, and who waits for each.
pub(super) struct Backlog {
    waiting: Mutex<Waiting>,
    more: Notify,
    length: IntGauge,
    capacity: usize,
}

#[derive(Default)]
struct Waiting {
    /// Those that are being written stay in front until they are durable.
    order: VecDeque<Change>,
    durable: HashMap<Change, Pending>,
}

/// However many wait for one change, it takes the same room.
struct Pending {
    tell: oneshot::Sender<Durable>,
    told: Told,
}

/// Comes when a change is durable.
pub(super) type Told = Shared<oneshot::Receiver<Durable>>;

/// Where changes are in the log, and when that was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Durable {
    pub(super) position: Position,
    pub(super) at: Boot,
}

/// There is no room for another change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} changes wait to be written already")]
pub(super) struct Full(usize);

impl Durable {
    /// When both are.
    pub(super) fn and(self, other: Self) -> Self {
        Self { position: self.position.max(other.position), at: self.at.max(other.at) }
    }
}

impl Backlog {
    /// Nothing waits; `length` shows how much does.
    pub(super) fn new(length: IntGauge) -> Self {
        Self { waiting: Mutex::default(), more: Notify::new(), length, capacity: CAPACITY }
    }

    /// Has changes written, those that there is room for; who adds what waits already, waits with the others.
    pub(super) fn add<'c>(&self, changes: impl Iterator<Item = &'c Change>) -> Result<Vec<Told>, Full> {
        let mut waiting = self.waiting.lock();
        let told = changes.map(|change| waiting.add(change, self.capacity)).collect();
        self.length.set(i64::try_from(waiting.order.len()).unwrap_or(i64::MAX));
        self.more.notify_one();
        told
    }

    /// The first of those that wait, as soon as there are any. They go on waiting until [`Backlog::written`].
    pub(super) async fn first(&self) -> Vec<Change> {
        loop {
            let first: Vec<_> = self.waiting.lock().order.iter().take(AT_ONCE).cloned().collect();
            if !first.is_empty() {
                return first;
            }
            self.more.notified().await;
        }
    }

    /// So many of the first are durable.
    pub(super) fn written(&self, count: usize, durable: Durable) {
        let mut waiting = self.waiting.lock();
        let count = count.min(waiting.order.len());
        let written: Vec<_> = waiting.order.drain(..count).collect();
        for pending in written.iter().filter_map(|change| waiting.durable.remove(change)) {
            // Whoever does not wait any more was told of an error.
            let _ = pending.tell.send(durable);
        }
        self.length.set(i64::try_from(waiting.order.len()).unwrap_or(i64::MAX));
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().order.len()
    }
}

impl Waiting {
    fn add(&mut self, change: &Change, capacity: usize) -> Result<Told, Full> {
        if let Some(pending) = self.durable.get(change) {
            return Ok(pending.told.clone());
        }
        if self.order.len() >= capacity {
            return Err(Full(capacity));
        }
        let (tell, told) = oneshot::channel();
        let told = told.shared();
        self.order.push_back(change.clone());
        self.durable.insert(change.clone(), Pending { tell, told: told.clone() });
        Ok(told)
    }
}

/// Of one transaction: what came first must not wait for the disk to take all of a long backlog.
const AT_ONCE: usize = 1000;
/// Some 500 bytes each.
const CAPACITY: usize = 100_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::ChangeKind;

    fn session(sid: usize) -> Change {
        let key = sid.to_string().into();
        Change { issuer: "https://sso".into(), kind: ChangeKind::Session, key, not_before: None }
    }

    fn backlog(capacity: usize) -> Backlog {
        Backlog { capacity, ..Backlog::new(IntGauge::new("length", "length").unwrap()) }
    }

    fn durable(position: i64) -> Durable {
        Durable { position: Position(position), at: Boot::from_nanos(0) }
    }

    #[tokio::test]
    async fn equal_changes_wait_once_and_everybody_is_told() {
        let backlog = backlog(10);
        let told: Vec<_> =
            [1, 2, 1, 1].iter().flat_map(|sid| backlog.add([&session(*sid)].into_iter()).unwrap()).collect();
        assert_eq!(backlog.first().await, [session(1), session(2)]);
        let late = backlog.add([&session(1)].into_iter()).unwrap().remove(0);
        backlog.written(2, durable(7));
        for told in told.into_iter().chain([late]) {
            assert_eq!(told.await, Ok(durable(7)));
        }
        assert_eq!((backlog.len(), backlog.length.get()), (0, 0));
    }

    #[tokio::test]
    async fn what_came_first_is_written_first_and_not_all_at_once() {
        let backlog = backlog(10_000);
        let changes: Vec<_> = (0..AT_ONCE + 1).map(session).collect();
        backlog.add(changes.iter()).unwrap();
        assert_eq!(backlog.first().await, changes[..AT_ONCE]);
        assert_eq!(backlog.first().await, changes[..AT_ONCE], "a writer that died is followed by another");
        backlog.written(AT_ONCE, durable(1));
        assert_eq!(backlog.first().await, changes[AT_ONCE..]);
        backlog.written(1, durable(2));
        assert!(tokio::time::timeout(Duration::from_millis(1), backlog.first()).await.is_err());
    }

    #[tokio::test]
    async fn a_full_backlog_takes_nothing_new_and_goes_on_with_what_it_has() {
        let backlog = backlog(2);
        let all = [session(1), session(2), session(3)];
        assert_eq!(backlog.add(all.iter()).map(drop), Err(Full(2)));
        assert!(backlog.add(all[..2].iter()).is_ok());
        assert_eq!((backlog.first().await, backlog.length.get()), (all[..2].to_vec(), 2));
        backlog.written(2, durable(1));
        assert!(backlog.add([&all[2]].into_iter()).is_ok());
    }

    #[tokio::test]
    async fn who_waits_longest_holds_no_more_room_than_one() {
        let backlog = backlog(10);
        for _ in 0..1000 {
            drop(backlog.add([&session(1)].into_iter()).unwrap());
        }
        let told = backlog.add([&session(1)].into_iter()).unwrap().remove(0);
        assert_eq!((backlog.len(), told.strong_count()), (1, Some(2)));
    }
}
