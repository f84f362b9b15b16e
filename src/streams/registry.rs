//! The open requests of this node.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Notify;

use super::key::{Concerned, Key};
use crate::identity::Identity;
use crate::store::Change;
use crate::sync::Mutex;

/// Open requests by what a change can name. As large as the number of requests that live long, which connections and
/// streams bound.
#[derive(Debug, Default)]
pub struct Streams {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: HashMap<u64, Arc<Notify>>,
    by_key: HashMap<Key, HashMap<u64, Arc<Notify>>>,
}

/// The place of one open request; it is given up when this is dropped.
#[derive(Debug)]
pub struct Registration {
    streams: Arc<Streams>,
    number: u64,
    keys: Vec<Key>,
    touched: Arc<Notify>,
}

impl Streams {
    /// Takes up a request of this identity. What changed before is not told: whoever registers asks once more.
    #[must_use]
    pub fn register(self: &Arc<Self>, identity: &Identity) -> Registration {
        let (keys, touched) = (Key::of(identity), Arc::new(Notify::new()));
        let mut open = self.open.lock();
        let number = open.next;
        open.next += 1;
        open.all.insert(number, Arc::clone(&touched));
        for key in &keys {
            open.by_key.entry(key.clone()).or_default().insert(number, Arc::clone(&touched));
        }
        drop(open);
        Registration { streams: Arc::clone(self), number, keys, touched }
    }

    /// Wakes whom a change concerns. Called after it can be seen by whoever asks.
    pub fn touch(&self, change: &Change) {
        match Concerned::by(change) {
            Concerned::Some(key) => self.open.lock().by_key.get(&key).into_iter().for_each(wake),
            Concerned::All => self.touch_all(),
            Concerned::None => {}
        }
    }

    /// Wakes everybody.
    pub fn touch_all(&self) {
        wake(&self.open.lock().all);
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.lock().all.len()
    }

    /// Whether nobody is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn wake(these: &HashMap<u64, Arc<Notify>>) {
    these.values().for_each(|touched| touched.notify_one());
}

impl Registration {
    /// Returns when a change has concerned the request since the last call.
    pub async fn touched(&self) {
        self.touched.notified().await;
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock();
        open.all.remove(&self.number);
        for key in &self.keys {
            if let Some(these) = open.by_key.get_mut(key) {
                these.remove(&self.number);
                if these.is_empty() {
                    open.by_key.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::clock::{Clock, Timestamp};
    use crate::identity::testing::identity;
    use crate::store::ChangeKind;

    const SOON: Timestamp = Timestamp(Clock::MANUAL_EPOCH + 300);
    const ISSUER: &str = "https://sso.test/realms/acme";

    fn change(issuer: &str, kind: ChangeKind, key: &str) -> Change {
        Change { issuer: issuer.into(), kind, key: key.into(), not_before: None }
    }

    fn is_touched(registration: &Registration) -> bool {
        registration.touched().now_or_never().is_some()
    }

    #[test]
    fn a_change_wakes_whom_it_names_and_nobody_else() {
        let streams = Arc::new(Streams::default());
        let [alice, bob] = ["alice", "bob"].map(|sub| streams.register(&identity(sub, SOON)));
        let named = [
            (ChangeKind::Session, "sid-of-alice"),
            (ChangeKind::Token, "jti-of-alice"),
            (ChangeKind::Subject, "alice"),
            (ChangeKind::Rights, "alice"),
        ];
        for (kind, key) in named {
            streams.touch(&change("https://other.test", kind, key));
            assert!(!is_touched(&alice), "{kind:?} of another issuer");
            streams.touch(&change(ISSUER, kind, key));
            assert!(is_touched(&alice) && !is_touched(&bob), "{kind:?}");
        }
        for (issuer, kind, key) in
            [("", ChangeKind::Rights, "*"), ("", ChangeKind::Catalogue, ""), (ISSUER, ChangeKind::Realm, ISSUER)]
        {
            streams.touch(&change(issuer, kind, key));
            assert!(is_touched(&alice) && is_touched(&bob), "{kind:?}");
        }
        streams.touch(&change(ISSUER, ChangeKind::Handle, "sid-of-alice"));
        assert!(!is_touched(&alice));
    }

    #[test]
    fn whoever_is_over_leaves_nothing() {
        let streams = Arc::new(Streams::default());
        let both = [1, 2].map(|_| streams.register(&identity("alice", SOON)));
        assert_eq!(streams.len(), 2);
        drop(both);
        assert!(streams.is_empty() && streams.open.lock().by_key.is_empty());
    }
}
