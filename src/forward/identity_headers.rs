//! What an upstream is told about the caller: the native profile.

use http::{HeaderName, HeaderValue};

use crate::policy::Grant;

/// The values of the identity headers, ready to be sent.
#[derive(Clone, Debug)]
pub struct IdentityHeaders([(HeaderName, HeaderValue); 6]);

impl IdentityHeaders {
    /// The headers of whoever has the grant; nothing on a public route.
    pub(super) fn of(grant: &Grant) -> Option<Self> {
        let principal = grant.principal()?;
        let (account, entitlement) = (principal.account(), principal.entitlement());
        // A subject that could not be written as a header was refused by the verifier.
        let subject = HeaderValue::from_str(principal.identity().subject().sub()).ok()?;
        Some(Self([
            (SUBJECT, subject),
            (USER_ID, account.user_id_header().clone()),
            (USERNAME, account.username_header().clone()),
            (EMAIL, account.email_header().clone()),
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
