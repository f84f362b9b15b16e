//! By what an open request is found.

use std::sync::Arc;

use crate::identity::Identity;
use crate::store::{Change, ChangeKind};

/// What a change names, and what a request can be hit by. Never compared across issuers.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(super) struct Key {
    kind: Kind,
    issuer: Arc<str>,
    key: Arc<str>,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum Kind {
    Session,
    Token,
    Subject,
    Client,
    Realm,
}

/// Whom a change concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Concerned {
    /// Those who are found by this.
    Some(Key),
    /// Everybody.
    All,
    /// Nobody who is open here.
    None,
}

impl Key {
    /// All by which requests of this identity are found.
    pub(super) fn of(identity: &Identity) -> Vec<Self> {
        let issuer = identity.subject().issuer();
        let key = |kind, key: &Arc<str>| Self { kind, issuer: Arc::clone(issuer), key: Arc::clone(key) };
        let mut keys = vec![key(Kind::Subject, identity.subject().sub()), key(Kind::Realm, issuer)];
        keys.extend(identity.sid().map(|sid| key(Kind::Session, sid)));
        keys.extend(identity.jti().map(|jti| key(Kind::Token, jti)));
        keys.extend(identity.client().map(|client| key(Kind::Client, client)));
        keys
    }
}

impl Concerned {
    /// Whom this change concerns.
    pub(super) fn by(change: &Change) -> Self {
        let kind = match change.kind {
            ChangeKind::Session => Kind::Session,
            ChangeKind::Token => Kind::Token,
            ChangeKind::Rights if &*change.key == "*" => return Self::All,
            ChangeKind::Subject | ChangeKind::Rights => Kind::Subject,
            ChangeKind::Client => Kind::Client,
            ChangeKind::Realm => Kind::Realm,
            ChangeKind::Catalogue => return Self::All,
            // A session of our own; no request is found by one yet.
            ChangeKind::Handle => return Self::None,
        };
        let key = if kind == Kind::Realm { &change.issuer } else { &change.key };
        Self::Some(Key { kind, issuer: Arc::clone(&change.issuer), key: Arc::clone(key) })
    }
}
