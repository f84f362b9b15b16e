//! A user as the management sees it, and how users are looked for.

use std::fmt;
use std::time::SystemTime;

use uuid::Uuid;

use super::{Email, UserKind, UserState, Username};
use crate::identity::Subject;

/// A row of the users database with the names of its roles.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Our own identifier.
    pub id: Uuid,
    /// Person or service.
    pub kind: UserKind,
    /// Who this is at the issuer; nothing while the user is being made there, and after a purge.
    pub subject: Option<Subject>,
    /// The unique name.
    pub username: String,
    /// The unique e-mail address.
    pub email: Option<String>,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Phone number, E.164.
    pub phone_number: Option<String>,
    /// Where the account stands in its life.
    pub state: UserState,
    /// The names of the roles, sorted.
    pub roles: Vec<String>,
    /// Counts the changes that a reader can see.
    pub version: i64,
    /// When the row was made.
    pub created_at: SystemTime,
    /// When it was last changed.
    pub updated_at: SystemTime,
    /// When the user was deleted softly.
    pub deleted_at: Option<SystemTime>,
}

/// Without what is personal or secret.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What names one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserKey {
    /// Our own identifier.
    Id(Uuid),
    /// The unique name.
    Username(Username),
    /// The unique e-mail address.
    Email(Email),
    /// Who this is at the issuer.
    Subject(Subject),
}

impl UserKey {
    /// Whether it names that user.
    #[must_use]
    pub fn names(&self, user: &User) -> bool {
        match self {
            Self::Id(id) => user.id == *id,
            Self::Username(name) => user.username == name.as_str(),
            Self::Email(email) => user.email.as_deref() == Some(email.as_str()),
            Self::Subject(subject) => user.subject.as_ref() == Some(subject),
        }
    }
}

/// Which users a list shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFilter {
    /// Part of the name, the address, the given or the family name.
    pub search: Option<String>,
    /// Holders of that role.
    pub role: Option<String>,
    /// In that state; where nothing is said, every state but those that are no user yet or any more.
    pub state: Option<UserState>,
    /// Behind that user.
    pub after: Option<Uuid>,
    /// At most that many.
    pub limit: u16,
}

/// A part of the list of users, in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// The users.
    pub users: Vec<User>,
    /// What to ask for as `after` to get those that follow; nothing at the end of the list.
    pub next: Option<Uuid>,
}

impl UserFilter {
    /// The part that is searched for, as a pattern for `like … escape '\\'`; names and addresses are in lower case.
    pub(super) fn pattern(&self) -> Option<String> {
        let search = self.search.as_deref()?;
        let mut pattern = String::from("%");
        for character in search.to_lowercase().chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
        Some(pattern)
    }
}

impl UserPage {
    /// A page of at most `limit` users; one more was read, to know whether there are more.
    pub(super) fn cut(mut users: Vec<User>, limit: u16) -> Self {
        let more = users.len() > usize::from(limit);
        users.truncate(usize::from(limit));
        let next = if more { users.last().map(|last| last.id) } else { None };
        Self { users, next }
    }
}
