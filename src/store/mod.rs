//! The users database: one narrow trait for each service that needs it.

mod change_log;
mod error;
mod name;
mod rights;
mod sqlite;

pub use change_log::{Batch, Change, ChangeKind, ChangeLog, Entry, Position};
pub use error::StoreError;
pub use name::{NameError, PermissionName, RoleName, Username};
pub use rights::{AccountRow, CatalogueRows, Enrichment, Rights, RoleId, RoleRow, UserKind, UserState};
pub use sqlite::{Observe, Options, Sqlite};
