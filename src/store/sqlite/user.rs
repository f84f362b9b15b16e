//! Users as rows with the names of their roles.

use std::sync::Arc;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row, named_params};
use uuid::Uuid;

use super::column::{Id, Instant};
use super::fault::Fault;
use crate::identity::Subject;
use crate::store::{User, UserFilter, UserKey, UserPage, UserState};

/// The user that the key names.
pub(super) fn find(connection: &Connection, key: &UserKey) -> Result<Option<User>, Fault> {
    let query = |condition: &str| connection.prepare_cached(&format!("{SELECT} where {condition}"));
    let mut statement;
    let mut rows = match key {
        UserKey::Id(id) => {
            statement = query("u.id = ?1")?;
            statement.query([Id(*id)])?
        }
        UserKey::Username(name) => {
            statement = query("u.username = ?1")?;
            statement.query([name.as_str()])?
        }
        UserKey::Email(email) => {
            statement = query("u.email = ?1")?;
            statement.query([email.as_str()])?
        }
        UserKey::Subject(subject) => {
            statement = query("u.issuer = ?1 and u.keycloak_id = ?2")?;
            statement.query([&**subject.issuer(), &**subject.sub()])?
        }
    };
    Ok(rows.next()?.map(user).transpose()?)
}

/// The users that the filter names, by id: that is the order in which they came.
pub(super) fn list(connection: &Connection, filter: &UserFilter) -> Result<UserPage, Fault> {
    let states = match filter.state {
        None => KNOWN,
        Some(UserState::Active) => ACTIVE,
        Some(UserState::Pending | UserState::Disabled | UserState::Deleted | UserState::Purged) => ODD,
    };
    let mut statement = connection.prepare_cached(&format!("{SELECT} where {states} {FILTER}"))?;
    let rows = statement.query_map(
        named_params! {
            ":after": Id(filter.after.unwrap_or(Uuid::nil())),
            ":state": filter.state,
            ":role": filter.role,
            ":search": filter.pattern(),
            // One more than asked for tells whether there are more.
            ":limit": i64::from(filter.limit) + 1,
        },
        user,
    )?;
    Ok(UserPage::cut(rows.collect::<Result<_, _>>()?, filter.limit))
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let issuer: Arc<str> = row.get("issuer")?;
    let sub: Option<Arc<str>> = row.get("keycloak_id")?;
    Ok(User {
        id: row.get::<_, Id>("id")?.0,
        kind: row.get("kind")?,
        subject: sub.map(|sub| Subject::new(issuer, sub)),
        username: row.get("username")?,
        email: row.get("email")?,
        email_verified: row.get("email_verified")?,
        first_name: row.get("first_name")?,
        last_name: row.get("last_name")?,
        phone_number: row.get("phone_number")?,
        state: row.get("state")?,
        roles: row.get::<_, Names>("roles")?.0,
        version: row.get("version")?,
        created_at: row.get::<_, Instant>("created_at")?.0,
        updated_at: row.get::<_, Instant>("updated_at")?.0,
        deleted_at: row.get::<_, Option<Instant>>("deleted_at")?.map(|at| at.0),
    })
}

/// Sorted names, as JSON because a damaged name may hold any separator.
pub(super) struct Names(pub(super) Vec<String>);

impl FromSql for Names {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let mut names: Vec<String> =
            serde_json::from_slice(value.as_bytes()?).map_err(|error| FromSqlError::Other(Box::new(error)))?;
        names.sort_unstable();
        Ok(Self(names))
    }
}

const SELECT: &str = "
    select u.id, u.kind, u.issuer, u.keycloak_id, u.username, u.email, u.email_verified, u.first_name, u.last_name,
      u.phone_number, u.state, u.version, u.created_at, u.updated_at, u.deleted_at,
      (select json_group_array(r.name) from user_roles ur join roles r on r.id = ur.role_id where ur.user_pk = u.pk) as roles
    from users u";

/// No state is asked for: those that are no user yet, or any more, are left out.
const KNOWN: &str = "(:state is null and u.state not in ('pending', 'purged'))";

const ACTIVE: &str = "u.state = :state";

/// Says that the state is not `active`, because the index holds only such rows.
const ODD: &str = "u.state <> 'active' and u.state = :state";

const FILTER: &str = r"
      and u.id > :after
      and (:role is null
        or u.pk in (select ur.user_pk from user_roles ur join roles r on r.id = ur.role_id where r.name = :role))
      and (:search is null or u.username like :search escape '\' or u.email like :search escape '\'
        or u.first_name like :search escape '\' or u.last_name like :search escape '\')
    order by u.id limit :limit";
