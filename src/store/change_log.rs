//! The log of what has changed: revocations and rights, numbered in commit order.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreError;
use crate::clock::Timestamp;

/// A place in the log. Only positions of one log can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub i64);

impl Position {
    /// Before the first change.
    pub const START: Self = Self(0);
}

/// Writes the log; [`Members`](super::Members) read it.
#[async_trait]
pub trait ChangeLog: Send + Sync {
    /// Writes changes durably, in one transaction; the position is that of the last.
    async fn record(&self, changes: &[Change]) -> Result<Position, StoreError>;

    /// Returns when the log may have grown since the last call, at the latest after one poll period. A hint:
    /// losing it costs time, never correctness.
    async fn changed(&self);

    /// Forgets the prefix of the log that is older than `keep`; never the newest change.
    async fn clean(&self, keep: std::time::Duration) -> Result<u64, StoreError>;
}

/// The answer of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The change we named is gone (cleaned, restored backup): `entries` is the whole log, and what was
    /// derived from earlier positions cannot be trusted.
    pub restarted: bool,
    /// In the order of the log.
    pub entries: Vec<Entry>,
    /// The clock of the database, where it is on another machine.
    pub clock: Option<Timestamp>,
}

/// One change with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub position: Position,
    /// Its name, which no other change of any log has.
    pub tag: Uuid,
    /// What changed.
    pub change: Change,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// Whose subject, session, token or client; empty for what belongs to no issuer (the catalogue, everybody's rights).
    pub issuer: Arc<str>,
    /// What kind of thing.
    pub kind: ChangeKind,
    /// Which one: `sid`, session handle, `jti`, `sub`, `azp`; for rights `sub` or `*`.
    pub key: Arc<str>,
    /// For marks, in seconds of the issuer's clock: what was issued before it is dead. Without one everything is.
    pub not_before: Option<i64>,
}

/// The kinds of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// A session at the issuer has ended (`sid`).
    Session,
    /// A browser session of ours has ended.
    Handle,
    /// A token is dead (`jti`).
    Token,
    /// Not-before of a subject.
    Subject,
    /// Not-before of a client.
    Client,
    /// Not-before of the whole realm.
    Realm,
    /// The rights of a subject, or of everybody (`*`).
    Rights,
    /// Roles, permissions and their links: the catalogue is to be read again.
    Catalogue,
}

impl ChangeKind {
    /// The name in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Handle => "handle",
            Self::Token => "token",
            Self::Subject => "subject",
            Self::Client => "client",
            Self::Realm => "realm",
            Self::Rights => "rights",
            Self::Catalogue => "catalogue",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Session,
            Self::Handle,
            Self::Token,
            Self::Subject,
            Self::Client,
            Self::Realm,
            Self::Rights,
            Self::Catalogue,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}
