//! What a credential proves, in one shape for every kind of credential.

use std::fmt;
use std::sync::Arc;

use super::Subject;
use crate::clock::Timestamp;

/// Who the credential proves. Made in `identity` alone; it carries no token text.
#[derive(Debug)]
pub struct Identity {
    pub(in crate::identity) subject: Subject,
    pub(in crate::identity) client: Option<Arc<str>>,
    pub(in crate::identity) audiences: Vec<String>,
    pub(in crate::identity) scopes: Vec<String>,
    pub(in crate::identity) sid: Option<Arc<str>>,
    pub(in crate::identity) jti: Option<Arc<str>>,
    pub(in crate::identity) issued_at: Timestamp,
    pub(in crate::identity) ends_at: Timestamp,
    pub(in crate::identity) expires_at: Timestamp,
    pub(in crate::identity) auth_time: Option<Timestamp>,
    pub(in crate::identity) acr: Option<String>,
    pub(in crate::identity) issuer_roles: Vec<String>,
    pub(in crate::identity) profile: Profile,
}

/// What the issuer says of the person; used to make an account on first sight, never to decide.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// `preferred_username`.
    pub username: Option<String>,
    /// `email`.
    pub email: Option<String>,
    /// `email_verified`; false where the claim is missing.
    pub email_verified: bool,
    /// `given_name`.
    pub first_name: Option<String>,
    /// `family_name`.
    pub last_name: Option<String>,
}

/// Without what is personal or secret.
impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").finish_non_exhaustive()
    }
}

impl Identity {
    /// Issuer and `sub`.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The client that the token was issued to (`azp`).
    #[must_use]
    pub fn client(&self) -> Option<&Arc<str>> {
        self.client.as_ref()
    }

    /// Every audience of the token (`aud`).
    #[must_use]
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// The scopes that were granted (`scope`, RFC 8693 §4.2), in the token's order.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The session at the issuer (`sid`); a service account has none.
    #[must_use]
    pub fn sid(&self) -> Option<&Arc<str>> {
        self.sid.as_ref()
    }

    /// The token's own identifier (`jti`).
    #[must_use]
    pub fn jti(&self) -> Option<&Arc<str>> {
        self.jti.as_ref()
    }

    /// When the token was issued (`iat`), in the issuer's clock.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// When the credential ends, as the issuer says (`exp`).
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// When the proof ends: `exp` and the leeway.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When the person last authenticated (`auth_time`); missing for password grants and services.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.auth_time
    }

    /// How the person authenticated (`acr`).
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }

    /// Those of the issuer's roles that `[keycloak] roles` lets count.
    #[must_use]
    pub fn issuer_roles(&self) -> &[String] {
        &self.issuer_roles
    }

    /// What the issuer says of the person.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }
}
