//! From columns to values and back; what breaks a rule of the schema is an error of that row.

use std::time::{Duration, SystemTime};

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use uuid::Uuid;

use crate::store::{ChangeKind, RoleId, UserKind, UserState};

/// Sixteen bytes.
pub(super) struct Id(pub(super) Uuid);

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        Uuid::from_slice(bytes)
            .map(Self)
            .map_err(|_| FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: bytes.len() })
    }
}

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(&self.0.as_bytes()[..]))
    }
}

/// Milliseconds since the Unix epoch.
pub(super) struct Instant(pub(super) SystemTime);

impl FromSql for Instant {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let milliseconds = value.as_i64()?;
        let since = u64::try_from(milliseconds).map_err(|_| FromSqlError::OutOfRange(milliseconds))?;
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_millis(since))
            .map(Self)
            .ok_or(FromSqlError::OutOfRange(milliseconds))
    }
}

/// The numbers of roles as `group_concat` writes them; NULL where there is none.
pub(super) struct RoleIds(pub(super) Vec<RoleId>);

impl FromSql for RoleIds {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let Some(text) = value.as_str_or_null()? else { return Ok(Self(Vec::new())) };
        let ids: Result<_, _> = text.split(',').map(|id| id.parse().map(RoleId)).collect();
        ids.map(Self).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

impl FromSql for UserKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for UserKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for UserState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for UserState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for ChangeKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for ChangeKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}
