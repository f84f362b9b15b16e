//! A user as the commands print it.

use serde::Serialize;

use super::output::Record;
use crate::store::{User, UserKind, UserState};

/// Everything that is known of a user.
#[derive(Serialize)]
pub(super) struct UserRecord<'u> {
    id: String,
    kind: UserKind,
    issuer: Option<&'u str>,
    subject: Option<&'u str>,
    username: &'u str,
    email: Option<&'u str>,
    email_verified: bool,
    first_name: Option<&'u str>,
    last_name: Option<&'u str>,
    phone_number: Option<&'u str>,
    state: UserState,
    roles: &'u [String],
    version: i64,
    created_at: String,
    updated_at: String,
    deleted_at: Option<String>,
}

impl<'u> From<&'u User> for UserRecord<'u> {
    fn from(user: &'u User) -> Self {
        let time = |at| humantime::format_rfc3339_millis(at).to_string();
        Self {
            id: user.id.to_string(),
            kind: user.kind,
            issuer: user.subject.as_ref().map(|subject| &**subject.issuer()),
            subject: user.subject.as_ref().map(|subject| &**subject.sub()),
            username: &user.username,
            email: user.email.as_deref(),
            email_verified: user.email_verified,
            first_name: user.first_name.as_deref(),
            last_name: user.last_name.as_deref(),
            phone_number: user.phone_number.as_deref(),
            state: user.state,
            roles: &user.roles,
            version: user.version,
            created_at: time(user.created_at),
            updated_at: time(user.updated_at),
            deleted_at: user.deleted_at.map(time),
        }
    }
}

impl Record for UserRecord<'_> {
    const HEADER: &'static [&'static str] = &["USERNAME", "KIND", "STATE", "ROLES", "EMAIL", "ID"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.username.to_owned(),
            self.kind.name().to_owned(),
            self.state.name().to_owned(),
            self.roles.join(","),
            self.email.unwrap_or_default().to_owned(),
            self.id.clone(),
        ]
    }
}

impl UserRecord<'_> {
    /// Everything, for people.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        vec![
            ("username", self.username.to_owned()),
            ("id", self.id.clone()),
            ("kind", self.kind.name().to_owned()),
            ("state", self.state.name().to_owned()),
            ("roles", self.roles.join(",")),
            ("email", text(self.email)),
            ("email verified", if self.email_verified { "yes" } else { "no" }.to_owned()),
            ("first name", text(self.first_name)),
            ("last name", text(self.last_name)),
            ("phone number", text(self.phone_number)),
            ("issuer", text(self.issuer)),
            ("subject", text(self.subject)),
            ("created", self.created_at.clone()),
            ("updated", self.updated_at.clone()),
            ("deleted", self.deleted_at.clone().unwrap_or_default()),
        ]
    }
}
