//! What an upstream is told about the caller: the native profile.

use std::fmt;

use http::{HeaderName, HeaderValue};

use crate::policy::Grant;

/// The values of the identity headers, ready to be sent.
#[derive(Clone)]
pub struct IdentityHeaders([(HeaderName, HeaderValue); 6]);

/// Without what is personal or secret.
impl fmt::Debug for IdentityHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityHeaders(…)")
    }
}

impl IdentityHeaders {
    /// The headers of whoever has the grant; nothing on a public route.
    pub(super) fn of(grant: &Grant) -> Option<Self> {
        let principal = grant.principal()?;
        let (account, entitlement) = (principal.account().headers(), principal.entitlement());
        Some(Self([
            (SUBJECT, account.subject.clone()),
            (USER_ID, account.user_id.clone()),
            (USERNAME, account.username.clone()),
            (EMAIL, account.email.clone()),
            (ROLES, entitlement.roles_header().clone()),
            (PERMISSIONS, entitlement.permissions_header().clone()),
        ]))
    }

    /// Name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.0.iter()
    }
}

const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
const USER_ID: HeaderName = HeaderName::from_static("x-auth-user-id");
const USERNAME: HeaderName = HeaderName::from_static("x-auth-username");
const EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const ROLES: HeaderName = HeaderName::from_static("x-auth-roles");
const PERMISSIONS: HeaderName = HeaderName::from_static("x-auth-permissions");
