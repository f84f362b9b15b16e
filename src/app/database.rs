//! From the settings to the users database that they name.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Database, Secret, Users};
use crate::rotating::Rotating;
use crate::store::{Access, Address, Inspection, Options, Postgres, Sqlite, Store, StoreError};

/// Opens the users database and brings its schema up to date.
pub async fn open(users: &Users, options: Options) -> Result<Arc<dyn Store>, StoreError> {
    let options = Options { connections: users.connections, read_deadline: users.read_timeout, ..options };
    Ok(match &users.database {
        Database::Sqlite(path) => Arc::new(Sqlite::open(path, options)?),
        Database::Postgres(address) => Arc::new(Postgres::open(Keys::of(users).access(address), options).await?),
    })
}

/// Brings the schema up to date; returns how many migrations that took.
pub async fn migrate(users: &Users) -> Result<usize, StoreError> {
    match &users.database {
        Database::Sqlite(path) => Sqlite::migrate(path),
        Database::Postgres(address) => Postgres::migrate(Keys::of(users).access(address)).await,
    }
}

/// What the users database is found to be; nothing of it is changed.
pub async fn inspect(users: &Users) -> Result<Inspection, StoreError> {
    match &users.database {
        Database::Sqlite(path) => {
            // A gateway that runs looks too, and its threads must not wait for a disk.
            let path = path.clone();
            let looked = tokio::task::spawn_blocking(move || Sqlite::inspect(&path)).await;
            looked.map_err(|error| StoreError::Unavailable { what: "read the file", source: Box::new(error) })?
        }
        Database::Postgres(address) => Postgres::inspect(Keys::of(users).access(address)).await,
    }
}

/// What a server asks for, and what it is believed by.
struct Keys {
    password: Option<Rotating>,
    /// As for Keycloak: a PEM file of further authorities to trust.
    authorities: Option<PathBuf>,
}

impl Keys {
    fn of(users: &Users) -> Self {
        Self {
            password: users.password.as_ref().map(Secret::rotating),
            authorities: std::env::var_os("SSL_CERT_FILE").map(PathBuf::from),
        }
    }

    fn access<'a>(&'a self, address: &'a Address) -> Access<'a> {
        Access { address, password: self.password.as_ref(), authorities: self.authorities.as_deref() }
    }
}
