//! What is dead: sessions, tokens, and everything issued before a mark.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use papaya::Equivalent;

use crate::clock::{Boot, Clock};
use crate::identity::Identity;
use crate::store::{Change, ChangeKind};
use crate::sync::HashMap;

/// The revocations that this node has learned. Each is kept for as long as a token could live, by this node's
/// own boot clock, and then forgotten.
#[derive(Debug)]
pub struct Revoked {
    sessions: Marks,
    tokens: Marks,
    subjects: Marks,
    clients: Marks,
    realms: Marks,
    keep: Duration,
}

/// What an identity died of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Death {
    /// Its session at the issuer has ended, or its client's part of it.
    #[error("the session has ended")]
    Session,
    /// The token itself was revoked.
    #[error("the token was revoked")]
    Token,
    /// It was issued before the not-before mark of its subject.
    #[error("the token is older than the subject's not-before")]
    Subject,
    /// It was issued before the not-before mark of its client.
    #[error("the token is older than the client's not-before")]
    Client,
    /// It was issued before the not-before mark of its realm.
    #[error("the token is older than the realm's not-before")]
    Realm,
    /// Keycloak was asked, and does not call it active.
    #[error("Keycloak says that the token is not active")]
    Inactive,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

impl Revoked {
    /// Nothing is dead yet; what is learned is kept for `keep`.
    #[must_use]
    pub fn new(keep: Duration) -> Self {
        Self {
            sessions: Marks::default(),
            tokens: Marks::default(),
            subjects: Marks::default(),
            clients: Marks::default(),
            realms: Marks::default(),
            keep,
        }
    }

    /// Learns of a change; kinds that revoke nothing are passed over.
    pub fn learn(&self, change: &Change, clock: &Clock) {
        if let Some(marks) = self.marks(change.kind) {
            marks.put(change, clock.boot().plus(self.keep));
        }
    }

    fn marks(&self, kind: ChangeKind) -> Option<&Marks> {
        match kind {
            ChangeKind::Session => Some(&self.sessions),
            ChangeKind::Token => Some(&self.tokens),
            ChangeKind::Subject => Some(&self.subjects),
            ChangeKind::Client => Some(&self.clients),
            ChangeKind::Realm => Some(&self.realms),
            ChangeKind::Handle | ChangeKind::Rights | ChangeKind::Catalogue => None,
        }
    }

    /// What an identity died of, if it is dead.
    #[must_use]
    pub fn death(&self, identity: &Identity) -> Option<Death> {
        let issuer = &**identity.subject().issuer();
        let issued = i64::try_from(identity.issued_at().0).unwrap_or(i64::MAX);
        let older = |marks: &Marks, key: &str| marks.find(issuer, key).is_some_and(|not_before| issued < not_before);
        if identity.sid().is_some_and(|sid| older(&self.sessions, sid)) {
            Some(Death::Session)
        } else if identity.jti().is_some_and(|jti| self.tokens.find(issuer, jti).is_some()) {
            Some(Death::Token)
        } else if older(&self.subjects, identity.subject().sub()) {
            Some(Death::Subject)
        } else if identity.client().is_some_and(|client| older(&self.clients, client)) {
            Some(Death::Client)
        } else if older(&self.realms, issuer) {
            Some(Death::Realm)
        } else {
            None
        }
    }

    /// What is dead here and not by these changes.
    pub(super) fn lacking<'c>(&self, known: impl Iterator<Item = &'c Change>) -> Vec<Change> {
        let known: HashSet<_> =
            known.map(|change| (change.kind, &*change.issuer, &*change.key, change.not_before)).collect();
        let kinds = [
            (ChangeKind::Session, &self.sessions),
            (ChangeKind::Token, &self.tokens),
            (ChangeKind::Subject, &self.subjects),
            (ChangeKind::Client, &self.clients),
            (ChangeKind::Realm, &self.realms),
        ];
        let mut lacking: Vec<_> = kinds.into_iter().flat_map(|(kind, marks)| marks.changes(kind)).collect();
        lacking.retain(|change| !known.contains(&(change.kind, &*change.issuer, &*change.key, change.not_before)));
        lacking
    }

    /// Forgets what no token can outlive any more.
    pub fn sweep(&self, clock: &Clock) {
        let now = clock.boot();
        for marks in [&self.sessions, &self.tokens, &self.subjects, &self.clients, &self.realms] {
            marks.sweep(now);
        }
    }

    /// How many entries are alive.
    #[must_use]
    pub fn len(&self) -> usize {
        [&self.sessions, &self.tokens, &self.subjects, &self.clients, &self.realms]
            .iter()
            .map(|marks| marks.0.len())
            .sum()
    }

    /// Whether nothing is dead.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Debug, Default)]
struct Marks(HashMap<Key, Mark>);

/// Never compared across issuers: a `sid` of one is not a `sid` of another.
#[derive(Debug, Hash, PartialEq, Eq)]
struct Key {
    issuer: Arc<str>,
    key: Arc<str>,
}

#[derive(Hash)]
struct KeyRef<'a> {
    issuer: &'a str,
    key: &'a str,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self.issuer == *key.issuer && *self.key == *key.key
    }
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    until: Boot,
    not_before: i64,
}

impl Marks {
    /// A later mark never makes an earlier one weaker.
    fn put(&self, change: &Change, until: Boot) {
        let key = Key { issuer: Arc::clone(&change.issuer), key: Arc::clone(&change.key) };
        let not_before = change.not_before.unwrap_or(i64::MAX);
        let fresh = Mark { until, not_before };
        self.0.pin().update_or_insert(
            key,
            |old| Mark { until: old.until.max(until), not_before: old.not_before.max(not_before) },
            fresh,
        );
    }

    fn find(&self, issuer: &str, key: &str) -> Option<i64> {
        if self.0.is_empty() {
            return None;
        }
        self.0.pin().get(&KeyRef { issuer, key }).map(|mark| mark.not_before)
    }

    fn changes(&self, kind: ChangeKind) -> Vec<Change> {
        let change = |(key, mark): (&Key, &Mark)| Change {
            issuer: Arc::clone(&key.issuer),
            kind,
            key: Arc::clone(&key.key),
            not_before: (mark.not_before != i64::MAX).then_some(mark.not_before),
        };
        self.0.pin().iter().map(change).collect()
    }

    fn sweep(&self, now: Boot) {
        self.0.pin().retain(|_, mark| mark.until > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::identity::testing::identity;

    #[test]
    fn whoever_looks_allocates_nothing() {
        let clock = Clock::manual();
        let revoked = Revoked::new(Duration::from_secs(60));
        let kinds =
            [ChangeKind::Session, ChangeKind::Token, ChangeKind::Subject, ChangeKind::Client, ChangeKind::Realm];
        for (number, kind) in (0..1000).flat_map(|number| kinds.map(|kind| (number, kind))) {
            let (issuer, key) = ("https://sso.test/realms/acme".into(), format!("{number}").into());
            revoked.learn(&Change { issuer, kind, key, not_before: None }, &clock);
        }
        let alice = identity("alice", Timestamp(Clock::MANUAL_EPOCH + 300));
        // What a thread needs once is made with its first look.
        assert_eq!(revoked.death(&alice), None);
        let looks = allocation_counter::measure(|| {
            for _ in 0..1000 {
                assert_eq!(revoked.death(&alice), None);
            }
        });
        assert_eq!(looks.count_total, 0);
    }
}
