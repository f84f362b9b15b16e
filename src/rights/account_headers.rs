//! What upstreams are told of an account, written once per read of its row.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;

use super::entitlement::encoded;
use crate::identity::Subject;
use crate::store::{AccountRow, StoreError};

/// The values of four identity headers. They lie behind one another in one piece of memory, because a request of
/// somebody who was not here for a while pays for every piece.
pub struct AccountHeaders {
    /// `X-Auth-Subject`.
    pub subject: HeaderValue,
    /// `X-Auth-User-Id`.
    pub user_id: HeaderValue,
    /// `X-Auth-Username`.
    pub username: HeaderValue,
    /// `X-Auth-Email`; empty where there is none.
    pub email: HeaderValue,
}

/// Without what is personal or secret.
impl fmt::Debug for AccountHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountHeaders")
            .field("subject", &self.subject)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

impl AccountHeaders {
    pub(super) fn new(subject: &Subject, row: &AccountRow) -> Result<Self, StoreError> {
        let parts = [
            encoded("subject", subject.sub())?,
            encoded("id", &row.id.to_string())?,
            encoded("username", &row.username)?,
            encoded("email", row.email.as_deref().unwrap_or_default())?,
        ];
        let all = Bytes::from(parts.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().concat());
        let mut begin = 0;
        let [subject, user_id, username, email] = parts.map(|part| {
            let end = begin + part.len();
            let piece = all.slice(std::mem::replace(&mut begin, end)..end);
            HeaderValue::from_maybe_shared(piece).unwrap_or(part)
        });
        Ok(Self { subject, user_id, username, email })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::{UserKind, UserState};

    #[test]
    fn each_value_is_its_own() {
        let row = AccountRow {
            id: Uuid::nil(),
            kind: UserKind::Person,
            username: "caf\u{e9}".into(),
            email: None,
            email_verified: false,
            first_name: None,
            last_name: None,
            phone_number: None,
            state: UserState::Active,
            roles: vec![],
        };
        let headers = AccountHeaders::new(&Subject::new("https://a".into(), "s 1".into()), &row).unwrap();
        assert_eq!(headers.subject, "s%201");
        assert_eq!(headers.user_id, "00000000-0000-0000-0000-000000000000");
        assert_eq!(headers.username, "caf%C3%A9");
        assert_eq!(headers.email, "");
    }
}
