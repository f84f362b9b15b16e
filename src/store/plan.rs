//! A change of accounts in three values: what to read, what was read, what to write.

use std::fmt;

use uuid::Uuid;

use super::{Email, Permission, PermissionName, Role, RoleName, User, UserKey, UserKind, UserState, Username};
use crate::identity::Subject;

/// What a decision needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Users.
    pub users: Vec<UserKey>,
    /// Roles.
    pub roles: Vec<RoleName>,
    /// Permissions.
    pub permissions: Vec<PermissionName>,
}

/// What of it the database has, as of the transaction that will carry out the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The users, each once.
    pub users: Vec<User>,
    /// The roles.
    pub roles: Vec<Role>,
    /// The permissions.
    pub permissions: Vec<Permission>,
}

impl Facts {
    /// The user that the key names.
    #[must_use]
    pub fn user(&self, key: &UserKey) -> Option<&User> {
        self.users.iter().find(|user| key.names(user))
    }

    /// The role of that name.
    #[must_use]
    pub fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name.as_str())
    }

    /// The permission of that name.
    #[must_use]
    pub fn permission(&self, name: &PermissionName) -> Option<&Permission> {
        self.permissions.iter().find(|permission| permission.name == name.as_str())
    }
}

/// What to write, in this order; an empty plan is a change that was made before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(pub Vec<Write>);

/// One row to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A user that was not there.
    User(NewUser),
    /// A user that was none is gone.
    Forget {
        /// Who.
        user: Uuid,
    },
    /// Who a user is at the issuer.
    Subject {
        /// Whose.
        user: Uuid,
        /// From now on.
        subject: Subject,
    },
    /// A role that was not there.
    Role(NewRole),
    /// A permission that was not there.
    Permission(NewPermission),
    /// The role is given.
    Grant {
        /// To whom.
        user: Uuid,
        /// Which.
        role: RoleName,
    },
    /// The role is taken away.
    Revoke {
        /// From whom.
        user: Uuid,
        /// Which.
        role: RoleName,
    },
}

impl Write {
    /// What kind of row it is; errors say no more of it, for a row may hold a name and an address.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::User(_) => "a user",
            Self::Forget { .. } => "a user that was none",
            Self::Subject { .. } => "the subject of a user",
            Self::Role(_) => "a role",
            Self::Permission(_) => "a permission",
            Self::Grant { .. } => "a grant",
            Self::Revoke { .. } => "a revocation of a role",
        }
    }
}

/// A user to insert.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Our own identifier, made by the caller.
    pub id: Uuid,
    /// Person or service.
    pub kind: UserKind,
    /// Who this is at the issuer.
    pub subject: Subject,
    /// The unique name.
    pub username: Username,
    /// The unique e-mail address.
    pub email: Option<Email>,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Where the account stands in its life.
    pub state: UserState,
}

/// Without what is personal or secret.
impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A role to insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRole {
    /// Its name.
    pub name: RoleName,
    /// What it is for.
    pub description: Option<String>,
    /// What it permits.
    pub permissions: Vec<PermissionName>,
}

/// A permission to insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPermission {
    /// Its name.
    pub name: PermissionName,
    /// What it is for.
    pub description: Option<String>,
}
