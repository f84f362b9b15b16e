//! Users with roles and permissions, written into a migrated database.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::Outcome;

/// Adds so many active users of the issuer; each holds two roles, and three permissions by them.
pub fn fill(database: &Path, issuer: &str, users: usize) -> Outcome<()> {
    let mut connection = Connection::open(database)?;
    let change = connection.transaction()?;
    change.execute_batch(ROLES)?;
    {
        let mut insert = change.prepare(
            "insert into users (id, issuer, keycloak_id, username, username_key, email, email_verified, state)
             values (?1, ?2, ?3, ?4, ?4, ?5, 1, 'active')",
        )?;
        for user in 0..users {
            let (id, name) = (u128::try_from(user)?.to_be_bytes(), name(user));
            insert.execute(params![id, issuer, subject(user), name, format!("{name}@bench.test")])?;
        }
    }
    change.execute_batch(GRANTS)?;
    Ok(change.commit()?)
}

/// The `sub` of a user.
#[must_use]
pub fn subject(user: usize) -> String {
    format!("{user:08x}-5b1f-4c5e-9a55-000000000000")
}

pub(crate) fn name(user: usize) -> String {
    format!("user{user:06}")
}

const ROLES: &str = "
    insert into roles (name) values ('user'), ('editor');
    insert into permissions (name) values ('orders:read'), ('orders:write'), ('reports:read');
    insert into role_permissions (role_id, permission_id)
      select r.id, p.id from roles r, permissions p
      where r.name = 'user' and p.name in ('orders:read', 'reports:read')
         or r.name = 'editor' and p.name = 'orders:write';";

const GRANTS: &str = "
    insert into user_roles (user_pk, role_id)
      select u.pk, r.id from users u, roles r where r.name in ('user', 'editor');";
