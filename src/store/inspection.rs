//! What a users database is found to be, before anything of it is changed.

use crate::clock::Timestamp;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The migrations that it still needs, by name.
    pub pending: Vec<&'static str>,
    /// The triggers that do not write changes of rights to the log, as they must; none are looked for where
    /// migrations are pending.
    pub silent: Vec<SilentTrigger>,
    /// What its clock says, where it is on another machine.
    pub clock: Option<Timestamp>,
}

/// A trigger that is missing, switched off or another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilentTrigger {
    /// Its name.
    pub name: String,
    /// The SQL that brings it back, in one line.
    pub cure: String,
}

/// SQL in one line.
pub(super) fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
