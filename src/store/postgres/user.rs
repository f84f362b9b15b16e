//! Users as rows with the names of their roles.

use std::sync::Arc;

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;
use uuid::Uuid;

use super::columns::Columns;
use super::fault::Fault;
use crate::identity::Subject;
use crate::store::{User, UserFilter, UserKey, UserPage, UserState};

/// The user that the key names.
pub(super) async fn find(client: &impl GenericClient, key: &UserKey) -> Result<Option<User>, Fault> {
    let query = |condition: &str| format!("{SELECT} where {condition}");
    let row = match key {
        UserKey::Id(id) => {
            let statement = client.prepare_cached(&query("u.id = $1")).await?;
            client.query_opt(&statement, &[id]).await?
        }
        UserKey::Username(name) => {
            let statement = client.prepare_cached(&query("u.username = $1")).await?;
            client.query_opt(&statement, &[&name.as_str()]).await?
        }
        UserKey::Email(email) => {
            let statement = client.prepare_cached(&query("u.email = $1")).await?;
            client.query_opt(&statement, &[&email.as_str()]).await?
        }
        UserKey::Subject(subject) => {
            let statement = client.prepare_cached(&query("u.issuer = $1 and u.keycloak_id = $2")).await?;
            client.query_opt(&statement, &[&&**subject.issuer(), &&**subject.sub()]).await?
        }
    };
    row.as_ref().map(user).transpose()
}

/// The users that the filter names, by id: that is the order in which they came.
pub(super) async fn list(client: &impl GenericClient, filter: &UserFilter) -> Result<UserPage, Fault> {
    let states = match filter.state {
        None => KNOWN,
        Some(UserState::Active) => ACTIVE,
        Some(UserState::Pending | UserState::Disabled | UserState::Deleted | UserState::Purged) => ODD,
    };
    let statement = client.prepare_cached(&format!("{SELECT} where {states} {FILTER}")).await?;
    let (after, state) = (filter.after.unwrap_or(Uuid::nil()), filter.state.map(UserState::name));
    // One more than asked for tells whether there are more.
    let limit = i64::from(filter.limit) + 1;
    let rows = client.query(&statement, &[&state, &after, &filter.role, &filter.pattern(), &limit]).await?;
    Ok(UserPage::cut(rows.iter().map(user).collect::<Result<_, _>>()?, filter.limit))
}

fn user(row: &Row) -> Result<User, Fault> {
    let issuer: Arc<str> = row.column::<&str>(2)?.into();
    let sub: Option<&str> = row.column(3)?;
    Ok(User {
        id: row.column(0)?,
        kind: row.user_kind(1)?,
        subject: sub.map(|sub| Subject::new(issuer, sub.into())),
        username: row.column(4)?,
        email: row.column(5)?,
        email_verified: row.column(6)?,
        first_name: row.column(7)?,
        last_name: row.column(8)?,
        phone_number: row.column(9)?,
        state: row.user_state(10)?,
        version: row.column(11)?,
        created_at: row.column(12)?,
        updated_at: row.column(13)?,
        deleted_at: row.column(14)?,
        roles: row.column(15)?,
    })
}

const SELECT: &str = "
    select u.id, u.kind, u.issuer, u.keycloak_id, u.username, u.email, u.email_verified, u.first_name, u.last_name,
      u.phone_number, u.state, u.version, u.created_at, u.updated_at, u.deleted_at,
      array(select r.name from doorward.user_roles ur join doorward.roles r on r.id = ur.role_id
            where ur.user_id = u.id order by r.name)
    from doorward.users u";

/// No state is asked for: those that are no user yet, or any more, are left out.
const KNOWN: &str = "($1::text is null and u.state not in ('pending', 'purged'))";

const ACTIVE: &str = "u.state = $1";

/// Says that the state is not `active`, because the index holds only such rows.
const ODD: &str = "u.state <> 'active' and u.state = $1";

const FILTER: &str = r"
      and u.id > $2
      and ($3::text is null
        or u.id in (select ur.user_id from doorward.user_roles ur join doorward.roles r on r.id = ur.role_id
                    where r.name = $3))
      and ($4::text is null or u.username ilike $4 or u.email ilike $4 or u.first_name ilike $4 or u.last_name ilike $4)
    order by u.id limit $5";
