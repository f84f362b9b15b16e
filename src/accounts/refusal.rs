//! Why a change of accounts is refused.

use crate::store::{NameError, PermissionName, RoleName, UserKind, UserState};

/// Why a change of accounts is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// There is no such role.
    #[error("there is no role {0}")]
    UnknownRole(RoleName),
    /// There is no such permission.
    #[error("there is no permission {0}")]
    UnknownPermission(PermissionName),
    /// The name belongs to somebody or something else; it is never taken over.
    #[error("the {0} is taken")]
    NameTaken(Taken),
    /// A name breaks its rule.
    #[error(transparent)]
    NameInvalid(#[from] NameError),
    /// The issuer gives the account no name.
    #[error("the account has no username")]
    NameMissing,
    /// The user's state does not allow it.
    #[error("the user is {}", .0.name())]
    WrongState(UserState),
    /// The subject is known, as another kind of user.
    #[error("the account is known as a {}", .0.name())]
    WrongKind(UserKind),
}

/// Which name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A user has that name.
    Username,
    /// A user has that address.
    Email,
    /// A role has that name.
    Role,
    /// A permission has that name.
    Permission,
}

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Username => "username",
            Self::Email => "e-mail address",
            Self::Role => "name of the role",
            Self::Permission => "name of the permission",
        })
    }
}
