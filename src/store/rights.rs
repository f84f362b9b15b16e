//! What a request needs from the users database: the account behind a subject, and the catalogue.

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Position, StoreError};

use crate::identity::Subject;

/// Reads the rights of users. No request comes here on the hot path: both answers are cached.
#[async_trait]
pub trait Rights: Send + Sync {
    /// The account of a subject with the ids of its roles, and the log position that this read saw; one query.
    async fn enrich(&self, subject: &Subject) -> Result<Enrichment, StoreError>;

    /// All roles with their permissions, and the log position that this read saw.
    async fn catalogue(&self) -> Result<CatalogueRows, StoreError>;
}

/// The answer of [`Rights::enrich`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrichment {
    /// Nothing where the users database does not know the subject.
    pub account: Option<AccountRow>,
    /// The newest change that the read saw.
    pub as_of: Position,
}

/// A user as the enrichment reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Our own identifier.
    pub id: Uuid,
    /// Person or service.
    pub kind: UserKind,
    /// The unique name.
    pub username: String,
    /// The e-mail address.
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
    /// The roles, by id; the catalogue knows their names.
    pub roles: Vec<RoleId>,
}

/// Without what is personal or secret.
impl fmt::Debug for AccountRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountRow")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The small number of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleId(pub i64);

/// Person or service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    /// Somebody who logs in.
    Person,
    /// A service account of Keycloak (client credentials).
    Service,
}

/// The life of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserState {
    /// Being made; not usable yet.
    Pending,
    /// Usable.
    Active,
    /// Switched off; can be switched on again.
    Disabled,
    /// Deleted softly; the names stay taken.
    Deleted,
    /// Deleted for good; only the id is left.
    Purged,
}

/// The answer of [`Rights::catalogue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueRows {
    /// Every role.
    pub roles: Vec<RoleRow>,
    /// Every permission; a role that grants all holds each of them.
    pub permissions: Vec<String>,
    /// The newest change that the read saw.
    pub as_of: Position,
}

/// A role of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRow {
    /// Its number.
    pub id: RoleId,
    /// Its name, as routes and headers write it.
    pub name: String,
    /// Whether it holds every permission, present and future.
    pub grants_all: bool,
    /// The permissions it holds by link.
    pub permissions: Vec<String>,
}

impl UserKind {
    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Person, Self::Service].into_iter().find(|kind| kind.name() == name)
    }
}

impl UserState {
    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::Purged => "purged",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Disabled, Self::Deleted, Self::Purged]
            .into_iter()
            .find(|state| state.name() == name)
    }
}
