//! From the settings to the users database that they name.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Database, Secret, Users};
use crate::store::{Access, Inspection, Options, Postgres, Sqlite, Store, StoreError};

/// Opens the users database and brings its schema up to date.
pub async fn open(users: &Users, options: Options) -> Result<Arc<dyn Store>, StoreError> {
    let options = Options { connections: users.connections, read_deadline: users.read_timeout, ..options };
    let authorities = authorities();
    Ok(match &users.database {
        Database::Sqlite(path) => Arc::new(Sqlite::open(path, options)?),
        Database::Postgres(address) => {
            let password = users.password.as_ref().map(Secret::rotating);
            let (password, authorities) = (password.as_ref(), authorities.as_deref());
            Arc::new(Postgres::open(Access { address, password, authorities }, options).await?)
        }
    })
}

/// Brings the schema up to date; returns how many migrations that took.
pub async fn migrate(users: &Users) -> Result<usize, StoreError> {
    let authorities = authorities();
    match &users.database {
        Database::Sqlite(path) => Sqlite::migrate(path),
        Database::Postgres(address) => {
            let password = users.password.as_ref().map(Secret::rotating);
            let (password, authorities) = (password.as_ref(), authorities.as_deref());
            Postgres::migrate(Access { address, password, authorities }).await
        }
    }
}

/// What the users database is found to be; nothing of it is changed.
pub async fn inspect(users: &Users) -> Result<Inspection, StoreError> {
    let authorities = authorities();
    match &users.database {
        Database::Sqlite(path) => Sqlite::inspect(path),
        Database::Postgres(address) => {
            let password = users.password.as_ref().map(Secret::rotating);
            let (password, authorities) = (password.as_ref(), authorities.as_deref());
            Postgres::inspect(Access { address, password, authorities }).await
        }
    }
}

/// As for Keycloak: a PEM file of further authorities to trust.
fn authorities() -> Option<PathBuf> {
    std::env::var_os("SSL_CERT_FILE").map(PathBuf::from)
}
