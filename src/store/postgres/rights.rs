//! The rights of one subject, in one statement; the catalogue, as one state of the database.

use async_trait::async_trait;
use deadpool_postgres::Client;
use tokio_postgres::{IsolationLevel, Row};

use super::Postgres;
use super::columns::Columns;
use super::fault::Fault;
use crate::identity::Subject;
use crate::store::catalogue::CatalogueReading;
use crate::store::{AccountRow, CatalogueRows, Enrichment, Position, Rights, RoleId, StoreError};

#[async_trait]
impl Rights for Postgres {
    async fn enrich(&self, subject: &Subject) -> Result<Enrichment, StoreError> {
        let subject = subject.clone();
        let enriching = self.requests.read("enrich", move |client| {
            let subject = subject.clone();
            Box::pin(async move { enrich(client, &subject).await })
        });
        self.options.observed("enrich", enriching).await
    }

    async fn catalogue(&self) -> Result<CatalogueRows, StoreError> {
        let catalogue = self.requests.read("catalogue", |client| Box::pin(catalogue(client)));
        self.options.observed("catalogue", catalogue).await
    }
}

async fn enrich(client: &Client, subject: &Subject) -> Result<Enrichment, Fault> {
    let statement = client.prepare_cached(ENRICH).await?;
    let row = client.query_one(&statement, &[&&**subject.issuer(), &&**subject.sub()]).await?;
    let known = row.column::<Option<uuid::Uuid>>(0)?.is_some();
    Ok(Enrichment { account: if known { Some(account(&row)?) } else { None }, as_of: Position(row.column(10)?) })
}

fn account(row: &Row) -> Result<AccountRow, Fault> {
    Ok(AccountRow {
        id: row.column(0)?,
        kind: row.user_kind(1)?,
        username: row.column(2)?,
        email: row.column(3)?,
        email_verified: row.column(4)?,
        first_name: row.column(5)?,
        last_name: row.column(6)?,
        phone_number: row.column(7)?,
        state: row.user_state(8)?,
        roles: row.column::<Vec<i32>>(9)?.into_iter().map(|id| RoleId(id.into())).collect(),
    })
}

async fn catalogue(client: &mut Client) -> Result<CatalogueRows, Fault> {
    let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let snapshot = snapshot.start().await?;
    let mut catalogue = CatalogueReading::default();
    for row in snapshot.query("select name from doorward.permissions order by name", &[]).await? {
        catalogue.permission(Some(row.column(0)?));
    }
    for row in snapshot.query("select id, name, grants_all from doorward.roles order by id", &[]).await? {
        catalogue.role(RoleId(row.column::<i32>(0)?.into()), Some(row.column(1)?), row.column(2)?);
    }
    for row in snapshot.query(LINKS, &[]).await? {
        catalogue.link(RoleId(row.column::<i32>(0)?.into()), row.column(1)?);
    }
    let as_of = snapshot.query_one("select coalesce(max(seq), 0) from doorward.change", &[]).await?.column(0)?;
    snapshot.commit().await?;
    Ok(catalogue.end(Position(as_of)))
}

/// One row also where the subject is unknown, because the position counts there too. One statement sees one state.
const ENRICH: &str = "
    select u.id, u.kind, u.username, u.email, u.email_verified, u.first_name, u.last_name, u.phone_number, u.state,
      array(select role_id from doorward.user_roles where user_id = u.id),
      coalesce((select max(seq) from doorward.change), 0)
    from (select 1) one left join doorward.users u on u.issuer = $1 and u.keycloak_id = $2";

/// A link whose permission is gone (a constraint was dropped) has no name: the role is damaged too.
const LINKS: &str = "
    select rp.role_id, p.name
    from doorward.role_permissions rp left join doorward.permissions p on p.id = rp.permission_id
    order by p.name";
