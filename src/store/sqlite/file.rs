//! The file of the database: made if missing, opened, and watched for being taken away.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};

use super::fault::Fault;
use crate::store::StoreError;

/// A database file, by its path and by the file that the path named when it was opened.
#[derive(Clone, Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    inode: (u64, u64),
}

impl DatabaseFile {
    /// Finds the file, or makes it readable for its owner alone, with its folders.
    pub(super) fn find_or_create(path: &Path) -> Result<Self, StoreError> {
        // Absolute, because SQLite reads `:memory:` and the empty name as something else than a file.
        let path = std::path::absolute(path).map_err(unavailable("find the file"))?;
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unavailable("make the folder"))?;
        }
        // An existing file is never opened here: closing it would drop the locks that SQLite holds on it in
        // this process (POSIX advisory locks).
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unavailable("make the file")(error)),
            _ => Ok(Self { inode: inode(&path).map_err(unavailable("find the file"))?, path }),
        }
    }

    /// Opens a connection with the settings that every connection needs. Never creates a file.
    pub(super) fn connect(&self, busy: Duration) -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(busy)?;
        if connection.is_readonly(MAIN_DB)? {
            return Err(gone("the file cannot be written").into());
        }
        write_ahead(&connection, busy)?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        self.confirm()?;
        Ok(connection)
    }

    /// Opens a connection that does not wait for the disk: what it writes names living processes alone.
    pub(super) fn connect_for_members(&self, busy: Duration) -> Result<Connection, Fault> {
        let connection = self.connect(busy)?;
        connection.pragma_update(None, "synchronous", "normal")?;
        Ok(connection)
    }

    /// Refuses where the path does not name our file any more: what a connection reads or writes then is lost.
    pub(super) fn confirm(&self) -> Result<(), StoreError> {
        match inode(&self.path) {
            Ok(inode) if inode == self.inode => Ok(()),
            Ok(_) => Err(gone("the file was replaced while it was open: restart to use the new one")),
            Err(error) => Err(unavailable("find the file")(error)),
        }
    }
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = path.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Two processes that open a new file may both want to switch it, and SQLite does not wait for that lock.
fn write_ahead(connection: &Connection, patience: Duration) -> Result<(), Fault> {
    let mut left = patience.as_millis() / PAUSE.as_millis();
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(gone("the file system does not support a write-ahead log").into()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && left > 0 => {
                left -= 1;
                std::thread::sleep(PAUSE);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn unavailable(what: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |error| StoreError::Unavailable { what, source: Box::new(error) }
}

fn gone(why: &'static str) -> StoreError {
    StoreError::Unavailable { what: "use the file", source: why.into() }
}

const PAUSE: Duration = Duration::from_millis(5);
const STATEMENTS: usize = 64;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use crate::store::sqlite::scratch::{Scratch, person, subject};
    use crate::store::{ChangeLog, Members, Options, Rights, Sqlite, StoreError};

    #[test]
    fn a_new_file_is_for_its_owner_alone() {
        let scratch = Scratch::new();
        for suffix in ["", "-wal", "-shm"] {
            let path = scratch.folder.path().join(format!("doorward.db{suffix}"));
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{suffix}");
        }
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        let letter = "Dear Sir or Madam, ".repeat(1000);
        fs::write(&path, &letter).unwrap();
        assert!(matches!(Sqlite::open(&path, Options::default()), Err(StoreError::Schema(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), letter);
    }

    #[test]
    fn a_place_where_no_file_can_be_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inside_a_file = folder.path().join("file/doorward.db");
        fs::write(folder.path().join("file"), "").unwrap();
        for path in [folder.path(), &inside_a_file] {
            assert!(matches!(Sqlite::open(path, Options::default()), Err(StoreError::Unavailable { .. })), "{path:?}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_refused() {
        let Scratch { store, folder } = Scratch::new();
        drop(store);
        let path = folder.path().join("doorward.db");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        // The superuser may write anyway.
        if fs::OpenOptions::new().write(true).open(&path).is_err() {
            assert!(matches!(Sqlite::open(&path, Options::default()), Err(StoreError::Unavailable { .. })));
        }
    }

    #[tokio::test]
    async fn a_file_that_is_taken_away_is_an_outage_and_never_an_empty_database() {
        let scratch = Scratch::new();
        scratch.sql(&person("alice"));
        let aside = scratch.folder.path().join("aside.db");
        fs::rename(scratch.path(), &aside).unwrap();
        let gone = scratch.store.enrich(&subject("alice")).await;
        assert!(matches!(gone, Err(StoreError::Unavailable { .. })), "{gone:?}");
        assert!(!scratch.path().exists());

        fs::write(scratch.path(), "").unwrap();
        let replaced = scratch.store.look().await;
        assert!(matches!(replaced, Err(StoreError::Unavailable { .. })), "{replaced:?}");
        assert!(matches!(scratch.store.record(&[]).await, Err(StoreError::Unavailable { .. })));

        fs::rename(&aside, scratch.path()).unwrap();
        assert!(scratch.store.enrich(&subject("alice")).await.unwrap().account.is_some());
    }

    #[tokio::test]
    async fn a_damaged_file_is_an_error_and_not_an_empty_answer() {
        let Scratch { store, folder } = Scratch::new();
        let path = folder.path().join("doorward.db");
        let people: String = (0..200).map(|number| person(&format!("p{number}"))).collect();
        rusqlite::Connection::open(&path).unwrap().execute_batch(&people).unwrap();
        drop(store);
        let mut bytes = fs::read(&path).unwrap();
        bytes[4096..].fill(0x5a);
        fs::write(&path, bytes).unwrap();
        match Sqlite::open(&path, Options::default()) {
            Ok(store) => assert!(store.enrich(&subject("p7")).await.is_err()),
            Err(error) => assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}"),
        }
    }
}
