//! A users database in a folder of its own, for tests.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{Options, Sqlite};
use crate::identity::Subject;

/// A store with its folder.
pub(crate) struct Scratch {
    pub(crate) store: Sqlite,
    pub(crate) folder: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("doorward.db"), options).unwrap();
        Self { store, folder }
    }

    /// A second store over the same file.
    pub(crate) fn reopen(&self) -> Sqlite {
        Sqlite::open(&self.path(), Options { clock: crate::clock::Clock::manual(), ..Options::default() }).unwrap()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("doorward.db")
    }

    /// A connection of another program: no settings, no foreign keys.
    pub(crate) fn shell(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection
    }

    /// Carries out SQL as another program.
    pub(crate) fn sql(&self, sql: &str) {
        self.shell().execute_batch(sql).unwrap();
    }

    /// The log as `issuer kind key`.
    pub(crate) fn log(&self) -> Vec<String> {
        let shell = self.shell();
        let mut statement =
            shell.prepare("select issuer || ' ' || kind || ' ' || key from change order by seq").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// What the log has gained by the SQL.
    pub(crate) fn logged(&self, sql: &str) -> Vec<String> {
        let before = self.log().len();
        self.sql(sql);
        self.log().split_off(before)
    }
}

/// An active person without roles, named and keyed by `name`.
pub(crate) fn person(name: &str) -> String {
    format!(
        "insert into users (id, issuer, keycloak_id, username, username_key, email, state)
         values (randomblob(16), 'https://sso', 'k-{name}', '{name}', '{name}', '{name}@example.com', 'active');"
    )
}

/// Gives a role to a user.
pub(crate) fn link(user: &str, role: &str) -> String {
    format!(
        "insert into user_roles (user_pk, role_id)
         select u.pk, r.id from users u, roles r where u.username = '{user}' and r.name = '{role}';"
    )
}

/// The subject of [`person`].
pub(crate) fn subject(name: &str) -> Subject {
    Subject::new(Arc::from("https://sso"), Arc::from(format!("k-{name}")))
}
