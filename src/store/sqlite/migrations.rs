//! From a file of any age to the schema of this version: numbered SQL, applied once, under the file's write lock.

use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use crate::store::StoreError;
use crate::store::migration::{self, AppliedMigration, Migration};

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "users", sql: include_str!("migrations/0001_users.sql") },
    Migration { number: 2, name: "nodes", sql: include_str!("migrations/0002_nodes.sql") },
    Migration { number: 3, name: "event_cursor", sql: include_str!("migrations/0003_event_cursor.sql") },
    Migration { number: 4, name: "last_revocation", sql: include_str!("migrations/0004_last_revocation.sql") },
];

/// Brings the schema up to date and returns how many migrations that took. Two processes may do this at once.
pub(super) fn migrate(connection: &mut Connection) -> Result<usize, Fault> {
    migrate_to(connection, MIGRATIONS)
}

fn migrate_to(connection: &mut Connection, migrations: &[Migration]) -> Result<usize, Fault> {
    if pending(connection, migrations)?.is_empty() {
        return Ok(0);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again under the lock: another process may have been quicker.
    let steps = pending(&transaction, migrations)?;
    transaction.execute_batch(HISTORY)?;
    for step in &steps {
        transaction.execute_batch(step.sql)?;
        transaction.execute(
            "insert into migration (number, name, checksum) values (?1, ?2, ?3)",
            (step.number, step.name, step.checksum()),
        )?;
    }
    transaction.commit()?;
    Ok(steps.len())
}

fn pending<'m>(connection: &Connection, migrations: &'m [Migration]) -> Result<Vec<&'m Migration>, Fault> {
    Ok(migration::pending(migrations, &applied(connection)?)?)
}

/// The names of the migrations that a file still needs.
pub(super) fn missing(connection: &Connection) -> Result<Vec<&'static str>, Fault> {
    Ok(pending(connection, MIGRATIONS)?.into_iter().map(|step| step.name).collect())
}

/// The schema of this version, in memory.
pub(super) fn pattern() -> Result<Connection, Fault> {
    let mut connection = Connection::open_in_memory()?;
    migrate(&mut connection)?;
    Ok(connection)
}

fn applied(connection: &Connection) -> Result<Vec<AppliedMigration>, Fault> {
    let tables: Vec<String> = connection
        .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    if !tables.iter().any(|name| name == "migration") {
        return Err(StoreError::Schema("the file is a database of another program".to_owned()).into());
    }
    let mut statement = connection.prepare("select number, name, checksum from migration order by number")?;
    let rows = statement
        .query_map([], |row| Ok(AppliedMigration { number: row.get(0)?, name: row.get(1)?, checksum: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const HISTORY: &str = "create table if not exists migration (
  number     integer primary key,
  name       text    not null,
  checksum   text    not null,
  applied_at integer not null default (cast(round((julianday('now') - 2440587.5) * 86400000) as integer))
) strict";

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Child, Command};

    use super::*;
    use crate::store::sqlite::{Options, Sqlite};

    const FILE: &str = "DOORWARD_TEST_MIGRATE";

    fn steps(path: &Path) -> i64 {
        let connection = Connection::open(path).unwrap();
        connection.query_row("select count(*) from migration", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_new_file_gets_the_schema_with_the_first_rows_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/doorward.db");
        assert_eq!(Sqlite::migrate(&path).unwrap(), MIGRATIONS.len());
        assert_eq!(Sqlite::migrate(&path).unwrap(), 0);
        let connection = Connection::open(&path).unwrap();
        let roles: Vec<String> = connection
            .prepare("select name from roles")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(roles, ["admin"]);
    }

    #[test]
    fn threads_that_open_a_new_file_at_once_all_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        std::thread::scope(|scope| {
            let open = || Sqlite::open(&path, Options::default()).map(drop);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            for thread in threads {
                thread.join().unwrap().unwrap();
            }
        });
        assert_eq!(usize::try_from(steps(&path)).unwrap(), MIGRATIONS.len());
    }

    #[test]
    fn processes_that_open_a_new_file_at_once_all_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        let child = || -> Child {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::sqlite::migrations::tests::in_another_process", "--ignored"])
                .env(FILE, &path)
                .spawn()
                .unwrap()
        };
        let children = [child(), child(), child()];
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(usize::try_from(steps(&path)).unwrap(), MIGRATIONS.len());
    }

    #[test]
    #[ignore = "the other process of the test above"]
    fn in_another_process() {
        if let Some(path) = std::env::var_os(FILE) {
            Sqlite::open(Path::new(&path), Options::default()).unwrap();
        }
    }

    #[test]
    fn a_file_of_a_newer_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        Sqlite::migrate(&path).unwrap();
        let newer = "insert into migration (number, name, checksum) values (999, 'future', 'x')";
        Connection::open(&path).unwrap().execute_batch(newer).unwrap();
        let Err(StoreError::Schema(why)) = Sqlite::open(&path, Options::default()) else { panic!("opened") };
        assert!(why.contains("999 (future)"), "{why}");
    }

    #[test]
    fn a_migration_that_was_edited_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        Sqlite::migrate(&path).unwrap();
        Connection::open(&path).unwrap().execute_batch("update migration set checksum = 'x'").unwrap();
        assert!(matches!(Sqlite::migrate(&path), Err(StoreError::Schema(_))));
    }

    #[test]
    fn a_database_of_another_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("create table theirs (x)").unwrap();
        assert!(matches!(Sqlite::migrate(&path), Err(StoreError::Schema(_))));
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        let mut connection = Connection::open(&path).unwrap();
        let broken = Migration { number: 2, name: "broken", sql: "create table half (x); nonsense" };
        let first = Migration { number: 1, name: "first", sql: "create table whole (x)" };
        assert!(migrate_to(&mut connection, &[first, broken]).is_err());
        let tables: i64 = connection.query_row("select count(*) from sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }
}
