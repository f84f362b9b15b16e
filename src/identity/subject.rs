//! Who, in whose eyes: a subject is always issuer and `sub` together (RFC 7519 §4.1.2).

use std::fmt;
use std::sync::Arc;

/// A subject of one issuer. Two issuers may use the same `sub` for different people.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Subject {
    issuer: Arc<str>,
    sub: Arc<str>,
}

impl Subject {
    /// The subject `sub` of `issuer`.
    #[must_use]
    pub fn new(issuer: Arc<str>, sub: Arc<str>) -> Self {
        Self { issuer, sub }
    }

    /// The issuer, exactly as its tokens write it.
    #[must_use]
    pub fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// The identifier that the issuer gave.
    #[must_use]
    pub fn sub(&self) -> &Arc<str> {
        &self.sub
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.sub, self.issuer)
    }
}
