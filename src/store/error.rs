//! Why the users database did not answer.

use std::time::Duration;

/// A failure of the users database. Whoever asked does not know: it is never read as "no such user" or
/// "no roles".
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or refuses: full, locked, read-only, gone.
    #[error("the users database is unavailable: {what}")]
    Unavailable {
        /// What was tried.
        what: &'static str,
        /// What the driver said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer within the time that a request may wait.
    #[error("the users database did not answer within {0:?}")]
    TimedOut(Duration),
    /// A row breaks a rule of the schema; that user is refused, others are not.
    #[error("a row of the users database is not valid: {0}")]
    RowInvalid(String),
    /// The schema is not the one that this version needs.
    #[error("the users database has another schema: {0}")]
    Schema(String),
}
