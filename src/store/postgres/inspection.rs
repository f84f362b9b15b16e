//! Looks at a database on a server without changing it.

use std::time::Duration;

use tokio_postgres::Client;

use super::columns::Columns;
use super::connector::Connector;
use super::fault::Fault;
use super::{Access, Postgres, migrations};
use crate::clock::Timestamp;
use crate::store::inspection::one_line;
use crate::store::{Inspection, SilentTrigger, StoreError};

impl Postgres {
    /// What the database is found to be.
    pub async fn inspect(access: Access<'_>) -> Result<Inspection, StoreError> {
        let connector = Connector::new(access)?;
        migrations::converse(&connector, PATIENCE, "read the schema", async |client| inspect(client).await).await
    }
}

async fn inspect(client: &Client) -> Result<Inspection, Fault> {
    let pending = migrations::missing(client).await?;
    let silent = if pending.is_empty() { silent(client).await? } else { Vec::new() };
    let now: i64 = client.query_one("select extract(epoch from clock_timestamp())::bigint", &[]).await?.column(0)?;
    Ok(Inspection { pending, silent, clock: u64::try_from(now).ok().map(Timestamp) })
}

/// The triggers that do not fire always, as the migrations have set them.
async fn silent(client: &Client) -> Result<Vec<SilentTrigger>, Fault> {
    let rows = client.query(TRIGGERS, &[]).await?;
    let found = rows.iter().map(|row| Ok((row.column(0)?, row.column(1)?)));
    let found: Vec<(String, bool)> = found.collect::<Result<_, Fault>>()?;
    let fires = |name: &str| found.iter().any(|(found, always)| found == name && *always);
    let is_there = |name: &str| found.iter().any(|(found, _)| found == name);
    let silent = migrations::texts().flat_map(triggers).filter(|trigger| !fires(trigger.name));
    let cured = silent.map(|trigger| {
        let made = if is_there(trigger.name) { String::new() } else { format!("{}; ", trigger.sql) };
        let enable = format!("alter table {} enable always trigger {};", trigger.table, trigger.name);
        SilentTrigger { name: trigger.name.to_owned(), cure: made + &enable }
    });
    Ok(cured.collect())
}

/// A trigger as a migration makes it.
struct Trigger {
    name: &'static str,
    table: &'static str,
    sql: String,
}

/// Those that a migration makes.
fn triggers(migration: &'static str) -> Vec<Trigger> {
    let statements = migration.split("create ").skip(1).map(|text| text.split(';').next().unwrap_or_default());
    let made = statements.filter_map(|text| {
        let rest = text.strip_prefix("constraint trigger ").or_else(|| text.strip_prefix("trigger "))?;
        let mut words = rest.split_whitespace();
        let name = words.next()?;
        words.find(|word| *word == "on")?;
        Some(Trigger { name, table: words.next()?, sql: format!("create {}", one_line(text)) })
    });
    made.collect()
}

/// `A`: always, whatever the session has set.
const TRIGGERS: &str = "select t.tgname::text, t.tgenabled = 'A'
  from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'doorward' and not t.tgisinternal";

const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::scratch::{Scratch, address};

    async fn look(scratch: &Scratch) -> Inspection {
        let address = address(&scratch.database);
        Postgres::inspect(Access { address: &address, password: None, authorities: None }).await.unwrap()
    }

    #[tokio::test]
    async fn a_database_as_it_was_migrated_lacks_nothing() {
        let found = look(&Scratch::new().await).await;
        assert_eq!((found.pending.len(), found.silent, found.clock.is_some()), (0, vec![], true));
    }

    #[tokio::test]
    async fn a_trigger_that_is_gone_or_off_is_named_and_brought_back() {
        let scratch = Scratch::new().await;
        scratch.sql("alter table doorward.user_roles disable trigger user_roles_made");
        scratch
            .sql("drop trigger users_updated on doorward.users; alter table doorward.roles enable trigger roles_made");
        let silent = look(&scratch).await.silent;
        let names: Vec<&str> = silent.iter().map(|trigger| &*trigger.name).collect();
        assert_eq!(names, ["users_updated", "user_roles_made", "roles_made"]);
        silent.iter().for_each(|trigger| scratch.sql(&trigger.cure));
        assert_eq!(look(&scratch).await.silent, []);
    }

    #[tokio::test]
    async fn an_empty_database_needs_every_migration_and_gets_none() {
        let database = test_services::postgres::Postgres::shared().database();
        let address = address(&database);
        for _ in 0..2 {
            let access = Access { address: &address, password: None, authorities: None };
            assert_eq!(
                Postgres::inspect(access).await.unwrap().pending,
                ["users", "nodes", "event_cursor", "last_revocation"]
            );
        }
    }
}
