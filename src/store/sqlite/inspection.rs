//! Looks at a file without changing it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::fault::Fault;
use super::{Sqlite, busy_timeout, migrations};
use crate::store::inspection::one_line;
use crate::store::{Inspection, Options, SilentTrigger, StoreError};

impl Sqlite {
    /// What the file is found to be. It is not made where it is missing.
    pub fn inspect(path: &Path) -> Result<Inspection, StoreError> {
        let unavailable = |source| StoreError::Unavailable { what: "find the file", source: Box::new(source) };
        // Absolute, as it is opened later.
        let path = std::path::absolute(path).map_err(unavailable)?;
        path.metadata().map_err(unavailable)?;
        inspect(&path).map_err(|fault| fault.while_trying("read the file"))
    }
}

fn inspect(path: &Path) -> Result<Inspection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout(Options::default().write_deadline))?;
    let pending = migrations::missing(&connection)?;
    let silent = if pending.is_empty() { silent(&connection)? } else { Vec::new() };
    Ok(Inspection { pending, silent, clock: None })
}

/// The triggers that are not those of the schema.
fn silent(connection: &Connection) -> Result<Vec<SilentTrigger>, Fault> {
    let found = triggers(connection)?;
    let missing = triggers(&migrations::pattern()?)?.into_iter().filter(|trigger| !found.contains(trigger));
    let cured = missing.map(|(name, sql)| {
        let changed = found.iter().any(|(found, _)| *found == name);
        let cure = if changed { format!("drop trigger {name}; {sql};") } else { format!("{sql};") };
        SilentTrigger { name, cure }
    });
    Ok(cured.collect())
}

/// Name and text of each, in one line, as it may have been brought back.
fn triggers(connection: &Connection) -> Result<Vec<(String, String)>, Fault> {
    let mut statement =
        connection.prepare("select name, sql from sqlite_schema where type = 'trigger' order by name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, one_line(&row.get::<_, String>(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::scratch::Scratch;

    #[test]
    fn a_file_as_it_was_migrated_lacks_nothing() {
        let scratch = Scratch::new();
        let whole = Inspection { pending: Vec::new(), silent: Vec::new(), clock: None };
        assert_eq!(Sqlite::inspect(&scratch.path()).unwrap(), whole);
    }

    #[test]
    fn a_trigger_that_is_gone_or_another_one_is_named_and_brought_back() {
        let scratch = Scratch::new();
        scratch.sql("drop trigger user_roles_deleted");
        scratch
            .sql("drop trigger roles_deleted; create trigger roles_deleted after delete on roles begin select 1; end");
        let silent = Sqlite::inspect(&scratch.path()).unwrap().silent;
        let names: Vec<&str> = silent.iter().map(|trigger| &*trigger.name).collect();
        assert_eq!(names, ["roles_deleted", "user_roles_deleted"]);
        silent.iter().for_each(|trigger| scratch.sql(&trigger.cure));
        assert_eq!(Sqlite::inspect(&scratch.path()).unwrap().silent, []);
        scratch.sql("insert into roles (name) values ('editor')");
        assert_eq!(scratch.logged("delete from roles where name = 'editor'"), [" catalogue *"]);
    }

    #[test]
    fn a_missing_file_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        assert!(matches!(Sqlite::inspect(&path), Err(StoreError::Unavailable { .. })));
        assert!(!path.exists());
        std::fs::write(&path, "").unwrap();
        let empty = Sqlite::inspect(&path).unwrap();
        assert_eq!(empty.pending, ["users", "nodes", "event_cursor", "last_revocation"]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    }
}
