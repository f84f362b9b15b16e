//! Which requirement failed.

/// Why somebody who is signed in may not enter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// A role is missing.
    #[error("a role is missing")]
    Role,
    /// A permission is missing.
    #[error("a permission is missing")]
    Permission,
    /// A scope is missing; these would do (RFC 6750 §3.1).
    #[error("a scope is missing")]
    Scope(Vec<String>),
    /// The token was not issued for this route's audience.
    #[error("the token is not for this audience")]
    Audience,
    /// The person authenticated in a weaker way than asked (RFC 9470); one of these would do.
    #[error("the authentication is too weak")]
    Acr(Vec<String>),
    /// The person authenticated too long ago (RFC 9470), in seconds.
    #[error("the authentication is too old")]
    MaxAge(u64),
}
