//! The users database: one narrow trait for each service that needs it.

mod catalogue;
mod change_log;
#[cfg(test)]
mod conformance;
mod cursors;
mod error;
mod inspection;
mod ledger;
mod members;
mod migration;
mod name;
mod options;
mod plan;
mod postgres;
mod rights;
mod role;
mod sqlite;
#[cfg(test)]
pub(crate) mod testing;
mod user;

pub use change_log::{Batch, Change, ChangeKind, ChangeLog, Entry, Position};
pub use cursors::Cursors;
pub use error::StoreError;
pub use inspection::{Inspection, SilentTrigger};
pub use ledger::{Applied, ChangeError, Decide, Ledger};
pub use members::{GRACE, LEASE, LastRevocation, Line, Look, Member, Members, Node};
pub(crate) use name::is_invisible;
pub use name::{Email, NameError, PermissionName, RoleName, Username};
pub use options::{Observe, Options};
pub use plan::{Facts, NewPermission, NewRole, NewUser, Plan, Query, Write};
pub use postgres::{Access, Address, Postgres};
pub use rights::{AccountRow, CatalogueRows, Enrichment, Rights, RoleId, RoleRow, UserKind, UserState};
pub use role::{Permission, Role};
pub use sqlite::Sqlite;
#[cfg(test)]
pub(crate) use sqlite::scratch;
pub use user::{User, UserFilter, UserKey, UserPage};

/// All that a users database offers.
pub trait Store: Rights + ChangeLog + Ledger + Members + Cursors {}

impl<T: Rights + ChangeLog + Ledger + Members + Cursors> Store for T {}
