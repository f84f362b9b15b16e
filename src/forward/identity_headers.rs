//! What an upstream is told about the caller: the native profile.

use std::fmt;

use http::{HeaderName, HeaderValue};

use crate::policy::Grant;
use crate::rights::Principal;

/// The identity headers of somebody, whose values were written when account and rights were read.
#[derive(Clone)]
pub struct IdentityHeaders(Principal);

/// Without what is personal or secret.
impl fmt::Debug for IdentityHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityHeaders(…)")
    }
}

impl IdentityHeaders {
    /// The headers of whoever has the grant; nothing on a public route.
    pub(super) fn of(grant: &Grant) -> Option<Self> {
        grant.principal().cloned().map(Self)
    }

    /// Name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (HeaderName, &HeaderValue)> {
        let (account, entitlement) = (self.0.account().headers(), self.0.entitlement());
        [
            (SUBJECT, &account.subject),
            (USER_ID, &account.user_id),
            (USERNAME, &account.username),
            (EMAIL, &account.email),
            (ROLES, entitlement.roles_header()),
            (PERMISSIONS, entitlement.permissions_header()),
        ]
        .into_iter()
    }
}

const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
const USER_ID: HeaderName = HeaderName::from_static("x-auth-user-id");
const USERNAME: HeaderName = HeaderName::from_static("x-auth-username");
const EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const ROLES: HeaderName = HeaderName::from_static("x-auth-roles");
const PERMISSIONS: HeaderName = HeaderName::from_static("x-auth-permissions");
