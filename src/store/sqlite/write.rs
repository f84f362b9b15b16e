//! From a plan to rows.

use rusqlite::{CachedStatement, Connection, named_params};
use uuid::Uuid;

use super::column::Id;
use super::fault::Fault;
use crate::identity::Subject;
use crate::store::{NewPermission, NewRole, NewUser, RoleName, StoreError, Write};

/// Writes one row of a plan. A plan is made from facts of the same transaction, so each of its rows finds what it
/// names; one that does not is refused with the whole plan.
pub(super) fn write(transaction: &Connection, row: &Write) -> Result<(), Fault> {
    let written = match row {
        Write::User(user) => insert_user(transaction, user),
        Write::Forget { user } => forget(transaction, *user),
        Write::Subject { user, subject } => link(transaction, *user, subject),
        Write::Role(role) => insert_role(transaction, role),
        Write::Permission(permission) => insert_permission(transaction, permission),
        Write::Grant { user, role } => change_roles(transaction, GRANT, *user, role),
        Write::Revoke { user, role } => change_roles(transaction, REVOKE, *user, role),
    }?;
    if written == 0 {
        return Err(StoreError::RowInvalid(format!("nothing to write to for {}", row.name())).into());
    }
    Ok(())
}

fn insert_user(transaction: &Connection, user: &NewUser) -> Result<usize, Fault> {
    Ok(statement(transaction, INSERT_USER)?.execute(named_params! {
        ":id": Id(user.id),
        ":kind": user.kind,
        ":issuer": &**user.subject.issuer(),
        ":keycloak_id": &**user.subject.sub(),
        ":username": user.username.as_str(),
        ":email": user.email.as_ref().map(crate::store::Email::as_str),
        ":email_verified": user.email_verified,
        ":first_name": user.first_name,
        ":last_name": user.last_name,
        ":state": user.state,
    })?)
}

fn forget(transaction: &Connection, user: Uuid) -> Result<usize, Fault> {
    Ok(statement(transaction, FORGET)?.execute([Id(user)])?)
}

fn link(transaction: &Connection, user: Uuid, subject: &Subject) -> Result<usize, Fault> {
    Ok(statement(transaction, LINK)?.execute((Id(user), &**subject.issuer(), &**subject.sub()))?)
}

fn insert_role(transaction: &Connection, role: &NewRole) -> Result<usize, Fault> {
    let mut written =
        statement(transaction, INSERT_ROLE)?.execute((role.name.as_str(), role.description.as_deref()))?;
    for permission in &role.permissions {
        // Zero, and so a refused plan, where one of the permissions is unknown.
        written *= statement(transaction, PERMIT)?.execute((role.name.as_str(), permission.as_str()))?;
    }
    Ok(written)
}

fn insert_permission(transaction: &Connection, permission: &NewPermission) -> Result<usize, Fault> {
    Ok(statement(transaction, INSERT_PERMISSION)?
        .execute((permission.name.as_str(), permission.description.as_deref()))?)
}

fn change_roles(transaction: &Connection, sql: &str, user: Uuid, role: &RoleName) -> Result<usize, Fault> {
    let written = statement(transaction, sql)?.execute((Id(user), role.as_str()))?;
    statement(transaction, TOUCH)?.execute([Id(user)])?;
    Ok(written)
}

fn statement<'c>(transaction: &'c Connection, sql: &str) -> Result<CachedStatement<'c>, Fault> {
    Ok(transaction.prepare_cached(sql)?)
}

const INSERT_USER: &str = "
    insert into users (id, kind, issuer, keycloak_id, username, username_key, email, email_verified, first_name,
                       last_name, state)
    values (:id, :kind, :issuer, :keycloak_id, :username, :username, :email, :email_verified, :first_name,
            :last_name, :state)";

const FORGET: &str = "delete from users where id = ?1";

const LINK: &str = "
    update users set issuer = ?2, keycloak_id = ?3, version = version + 1,
      updated_at = cast(round((julianday('now') - 2440587.5) * 86400000) as integer)
    where id = ?1";

const INSERT_ROLE: &str = "insert into roles (name, description) values (?1, ?2)";

const PERMIT: &str = "
    insert into role_permissions (role_id, permission_id)
    select r.id, p.id from roles r, permissions p where r.name = ?1 and p.name = ?2";

const INSERT_PERMISSION: &str = "insert into permissions (name, description) values (?1, ?2)";

const GRANT: &str = "
    insert into user_roles (user_pk, role_id)
    select u.pk, r.id from users u, roles r where u.id = ?1 and r.name = ?2";

const REVOKE: &str = "
    delete from user_roles
    where user_pk = (select pk from users where id = ?1) and role_id = (select id from roles where name = ?2)";

const TOUCH: &str = "
    update users set version = version + 1, updated_at = cast(round((julianday('now') - 2440587.5) * 86400000) as integer) where id = ?1";
