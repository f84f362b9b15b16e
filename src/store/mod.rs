//! The users database: one narrow trait for each service that needs it.

mod change_log;
#[cfg(test)]
mod conformance;
mod error;
mod ledger;
mod name;
mod plan;
mod rights;
mod role;
mod sqlite;
mod user;

pub use change_log::{Batch, Change, ChangeKind, ChangeLog, Entry, Position};
pub use error::StoreError;
pub use ledger::{Applied, ChangeError, Decide, Ledger};
pub(crate) use name::is_invisible;
pub use name::{Email, NameError, PermissionName, RoleName, Username};
pub use plan::{Facts, NewPermission, NewRole, NewUser, Plan, Query, Write};
pub use rights::{AccountRow, CatalogueRows, Enrichment, Rights, RoleId, RoleRow, UserKind, UserState};
pub use role::{Permission, Role};
#[cfg(test)]
pub(crate) use sqlite::scratch;
pub use sqlite::{Observe, Options, Sqlite};
pub use user::{User, UserFilter, UserKey, UserPage};
