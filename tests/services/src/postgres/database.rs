//! A database for one test, and how a server is spoken with.

use std::thread;

use postgres::{Client, NoTls};

/// A fresh database, dropped with this value.
pub struct Database {
    pub(super) server: String,
    pub(super) name: String,
}

impl Database {
    /// Its URL, for the superuser.
    pub fn url(&self) -> String {
        in_database(&self.server, &self.name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection, as psql has one.
    pub fn connect(&self) -> Client {
        connect(&self.url())
    }

    /// Runs statements, as in psql.
    pub fn execute(&self, sql: &str) {
        aside(|| self.connect().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}: {sql}")));
    }
}

impl Database {
    /// Runs statements that fail; what the server says.
    pub fn refusal(&self, sql: &str) -> String {
        aside(|| {
            let error = self.connect().batch_execute(sql).expect_err("a refusal");
            error.as_db_error().map_or_else(|| error.to_string(), |told| told.message().to_owned())
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        aside(|| {
            // The server may have been stopped by the test.
            if let Ok(mut client) = Client::connect(&self.server, NoTls) {
                let _ = client.batch_execute(&format!("drop database if exists {} with (force)", self.name));
            }
        });
    }
}

pub(super) fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{url}: {error:?}"))
}

/// On a thread of its own: the client blocks, which must not be done on a thread of a runtime.
pub(super) fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(work).join().unwrap())
}

fn in_database(url: &str, name: &str) -> String {
    let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let server = path.rsplit_once('/').map_or(path, |(server, _)| server);
    query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}"))
}
