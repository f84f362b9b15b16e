//! From the driver's errors to ours.

use rusqlite::{Error, ErrorCode};

use crate::store::StoreError;

/// A failure inside a job, before the job's name is known to it.
#[derive(Debug)]
pub(super) enum Fault {
    Driver(Error),
    Store(StoreError),
}

impl Fault {
    /// The error that the asker sees; `what` is the operation that was tried.
    pub(super) fn while_trying(self, what: &'static str) -> StoreError {
        let error = match self {
            Self::Store(error) => return error,
            Self::Driver(error) => error,
        };
        match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => StoreError::RowInvalid(error.to_string()),
            _ if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                StoreError::Schema("the file is not a SQLite database".to_owned())
            }
            _ => StoreError::Unavailable { what, source: Box::new(error) },
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
