//! From a database of any age to the schema of this version: numbered SQL, applied once, in one transaction, under a
//! lock of the server.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{Client, GenericClient};

use super::columns::Columns;
use super::connector::Connector;
use super::fault::Fault;
use crate::store::StoreError;
use crate::store::migration::{self, AppliedMigration, Migration};

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "users", sql: include_str!("migrations/0001_users.sql") },
    Migration { number: 2, name: "nodes", sql: include_str!("migrations/0002_nodes.sql") },
    Migration { number: 3, name: "event_cursor", sql: include_str!("migrations/0003_event_cursor.sql") },
    Migration { number: 4, name: "last_revocation", sql: include_str!("migrations/0004_last_revocation.sql") },
];

/// Brings the schema up to date and returns how many migrations that took. Two nodes may do this at once.
pub(super) async fn migrate(connector: &Connector) -> Result<usize, StoreError> {
    converse(connector, PATIENCE, "migrate the schema", async |client| migrate_to(client, MIGRATIONS).await).await
}

/// Does something on a connection of its own.
pub(super) async fn converse<T>(
    connector: &Connector,
    patience: Duration,
    what: &'static str,
    work: impl AsyncFnOnce(&mut Client) -> Result<T, Fault>,
) -> Result<T, StoreError> {
    let connecting = timeout(CONNECT, connector.connect()).await;
    let connected = connecting.map_err(|_| StoreError::TimedOut(CONNECT))?;
    let (mut client, connection) = connected.map_err(|error| Fault::from(error).while_trying("connect"))?;
    let driver = tokio::spawn(connection);
    let done = timeout(patience, work(&mut client)).await;
    // Ends the driver, which has nothing to tell that the outcome does not.
    drop(client);
    driver.abort();
    done.map_err(|_| StoreError::TimedOut(patience))?.map_err(|fault| fault.while_trying(what))
}

/// The names of the migrations that the database still needs.
pub(super) async fn missing(client: &Client) -> Result<Vec<&'static str>, Fault> {
    check_server(client).await?;
    Ok(pending(client, MIGRATIONS).await?.into_iter().map(|step| step.name).collect())
}

/// The SQL of every migration.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|step| step.sql)
}

async fn migrate_to(client: &mut Client, migrations: &[Migration]) -> Result<usize, Fault> {
    check_server(client).await?;
    if pending(client, migrations).await?.is_empty() {
        return Ok(0);
    }
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    // Asked again under the lock: another node may have been quicker.
    let steps = pending(&transaction, migrations).await?;
    for (exists, sql) in [("doorward", SCHEMA), ("doorward.migration", HISTORY)] {
        if !is_there(&transaction, exists).await? {
            transaction.batch_execute(sql).await?;
        }
    }
    for step in &steps {
        transaction.batch_execute(step.sql).await?;
        transaction.execute(NOTE, &[&step.number, &step.name, &step.checksum()]).await?;
    }
    transaction.commit().await?;
    Ok(steps.len())
}

async fn check_server(client: &Client) -> Result<(), Fault> {
    let row =
        client.query_one("select current_setting('server_version_num')::int, current_setting('server_encoding')", &[]);
    let row = row.await?;
    let (version, encoding): (i32, &str) = (row.column(0)?, row.column(1)?);
    let wrong = match () {
        () if version < OLDEST => format!("PostgreSQL {} is too old: 13 or newer is needed", version / 10_000),
        () if encoding != "UTF8" => format!("its encoding is {encoding}: create the database with encoding 'UTF8'"),
        () => return Ok(()),
    };
    Err(StoreError::Schema(wrong).into())
}

async fn pending<'m>(client: &impl GenericClient, migrations: &'m [Migration]) -> Result<Vec<&'m Migration>, Fault> {
    Ok(migration::pending(migrations, &applied(client).await?)?)
}

async fn applied(client: &impl GenericClient) -> Result<Vec<AppliedMigration>, Fault> {
    let row = client.query_one(TABLES, &[]).await?;
    match (row.column(0)?, row.column(1)?) {
        (0_i64, _) => return Ok(Vec::new()),
        (_, 0_i64) => return Err(foreign().into()),
        _ => {}
    }
    let rows = client.query("select number, name, checksum from doorward.migration order by number", &[]).await?;
    let step = |row: &tokio_postgres::Row| {
        Ok(AppliedMigration { number: row.column(0)?, name: row.column(1)?, checksum: row.column(2)? })
    };
    rows.iter().map(step).collect()
}

fn foreign() -> StoreError {
    StoreError::Schema("its schema \"doorward\" is that of another program".to_owned())
}

/// Whether there is a schema, or a table with its schema before it, of that name.
async fn is_there(client: &impl GenericClient, name: &str) -> Result<bool, Fault> {
    let sql = if name.contains('.') {
        "select to_regclass($1) is not null"
    } else {
        "select to_regnamespace($1) is not null"
    };
    client.query_one(sql, &[&name]).await?.column(0)
}

/// Read committed, so that what is read after the lock was waited for is what its last holder has left.
const LOCK: &str = "set transaction isolation level read committed; select pg_advisory_xact_lock(7305040716)";

const SCHEMA: &str = "create schema doorward";

const HISTORY: &str = "create table doorward.migration (
  number     bigint      primary key,
  name       text        not null,
  checksum   text        not null,
  applied_at timestamptz not null default now()
)";

const NOTE: &str = "insert into doorward.migration (number, name, checksum) values ($1, $2, $3)";

/// In one statement: another node may be making them.
const TABLES: &str = "select count(*), count(*) filter (where c.relname = 'migration')
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'doorward' and c.relkind = 'r'";

/// `gen_random_uuid` and `pg_current_xact_id` without an extension.
const OLDEST: i32 = 130_000;

const CONNECT: Duration = Duration::from_secs(5);

/// Another node may be migrating a large database.
const PATIENCE: Duration = Duration::from_secs(120);
