//! One after another: Keycloak refuses correct passwords of one account that arrive together.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

/// Hands out turns by key. Keys that nobody waits for take no memory.
#[derive(Default)]
pub(super) struct Turns {
    queues: Mutex<HashMap<Arc<str>, Queue>>,
}

type Queue = Arc<tokio::sync::Mutex<()>>;

/// Nobody else has a turn of this key until it is dropped.
pub(super) struct Turn {
    turns: Arc<Turns>,
    key: Arc<str>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for the turn of a key, first come first served.
    pub(super) async fn take(self: &Arc<Self>, key: Arc<str>) -> Turn {
        let queue = Arc::clone(self.queues.lock().entry(Arc::clone(&key)).or_default());
        // Made before the wait: whoever gives up while waiting leaves as cleanly as whoever had a turn.
        let mut turn = Turn { turns: Arc::clone(self), key, guard: None };
        turn.guard = Some(queue.lock_owned().await);
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.guard.take());
        let mut queues = self.turns.queues.lock();
        if queues.get(&self.key).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            queues.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn turns_of_one_key_follow_each_other_and_leave_nothing_behind() {
        let turns = Arc::new(Turns::default());
        let inside = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (turns, inside) = (Arc::clone(&turns), Arc::clone(&inside));
                tokio::spawn(async move {
                    let _turn = turns.take("alice".into()).await;
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    tokio::task::yield_now().await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        let _other = turns.take("bob".into()).await;
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(turns.queues.lock().len(), 1, "only bob's");
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_nothing_behind() {
        let turns = Arc::new(Turns::default());
        let first = turns.take("alice".into()).await;
        let waiting = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { drop(turns.take("alice".into()).await) }
        });
        tokio::task::yield_now().await;
        waiting.abort();
        let _ = waiting.await;
        drop(first);
        assert!(turns.queues.lock().is_empty());
    }
}
