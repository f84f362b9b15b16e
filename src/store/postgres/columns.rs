//! From columns to values; what breaks a rule of the schema is an error of that row.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::fault::Fault;
use crate::store::{ChangeKind, UserKind, UserState};

/// Reads a row.
pub(super) trait Columns {
    /// The value of a column.
    fn column<'r, T: FromSql<'r>>(&'r self, at: usize) -> Result<T, Fault>;

    /// Person or service.
    fn user_kind(&self, at: usize) -> Result<UserKind, Fault> {
        self.named(at, UserKind::from_name)
    }

    /// The state of an account.
    fn user_state(&self, at: usize) -> Result<UserState, Fault> {
        self.named(at, UserState::from_name)
    }

    /// The kind of a change.
    fn change_kind(&self, at: usize) -> Result<ChangeKind, Fault> {
        self.named(at, ChangeKind::from_name)
    }

    /// A name out of a set.
    fn named<T>(&self, at: usize, from_name: impl Fn(&str) -> Option<T>) -> Result<T, Fault> {
        let name: &str = self.column(at)?;
        from_name(name).ok_or_else(|| Fault::invalid(&format!("column {at} holds {name:?}")))
    }
}

impl Columns for Row {
    fn column<'r, T: FromSql<'r>>(&'r self, at: usize) -> Result<T, Fault> {
        self.try_get(at).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            Fault::invalid(&format!("{error}: {cause}"))
        })
    }
}
