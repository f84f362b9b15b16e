//! From a plan to rows.

use deadpool_postgres::GenericClient;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::fault::Fault;
use crate::identity::Subject;
use crate::store::{Email, NewPermission, NewRole, NewUser, RoleName, Write};

/// Writes one row of a plan. A plan is made from facts of the same transaction, so each of its rows finds what it
/// names; one that does not is refused with the whole plan.
pub(super) async fn write(transaction: &impl GenericClient, row: &Write) -> Result<(), Fault> {
    let written = match row {
        Write::User(user) => insert_user(transaction, user).await,
        Write::Forget { user } => execute(transaction, FORGET, &[user]).await,
        Write::Subject { user, subject } => link(transaction, *user, subject).await,
        Write::Role(role) => insert_role(transaction, role).await,
        Write::Permission(permission) => insert_permission(transaction, permission).await,
        Write::Grant { user, role } => change_roles(transaction, GRANT, *user, role).await,
        Write::Revoke { user, role } => change_roles(transaction, REVOKE, *user, role).await,
    }?;
    if written == 0 {
        return Err(Fault::invalid(&format!("nothing to write to for {}", row.name())));
    }
    Ok(())
}

async fn insert_user(transaction: &impl GenericClient, user: &NewUser) -> Result<u64, Fault> {
    execute(
        transaction,
        INSERT_USER,
        &[
            &user.id,
            &user.kind.name(),
            &&**user.subject.issuer(),
            &&**user.subject.sub(),
            &user.username.as_str(),
            &user.email.as_ref().map(Email::as_str),
            &user.email_verified,
            &user.first_name,
            &user.last_name,
            &user.state.name(),
        ],
    )
    .await
}

async fn link(transaction: &impl GenericClient, user: Uuid, subject: &Subject) -> Result<u64, Fault> {
    execute(transaction, LINK, &[&user, &&**subject.issuer(), &&**subject.sub()]).await
}

async fn insert_role(transaction: &impl GenericClient, role: &NewRole) -> Result<u64, Fault> {
    let mut written = execute(transaction, INSERT_ROLE, &[&role.name.as_str(), &role.description]).await?;
    for permission in &role.permissions {
        // Zero, and so a refused plan, where one of the permissions is unknown.
        written *= execute(transaction, PERMIT, &[&role.name.as_str(), &permission.as_str()]).await?;
    }
    Ok(written)
}

async fn insert_permission(transaction: &impl GenericClient, permission: &NewPermission) -> Result<u64, Fault> {
    execute(transaction, INSERT_PERMISSION, &[&permission.name.as_str(), &permission.description]).await
}

async fn change_roles(transaction: &impl GenericClient, sql: &str, user: Uuid, role: &RoleName) -> Result<u64, Fault> {
    let written = execute(transaction, sql, &[&user, &role.as_str()]).await?;
    execute(transaction, TOUCH, &[&user]).await?;
    Ok(written)
}

async fn execute(
    transaction: &impl GenericClient,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<u64, Fault> {
    let statement = transaction.prepare_cached(sql).await?;
    Ok(transaction.execute(&statement, parameters).await?)
}

const INSERT_USER: &str = "
    insert into doorward.users (id, kind, issuer, keycloak_id, username, username_key, email, email_verified,
                                first_name, last_name, state)
    values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10)";

const FORGET: &str = "delete from doorward.users where id = $1";

const LINK: &str = "
    update doorward.users set issuer = $2, keycloak_id = $3, version = version + 1, updated_at = now() where id = $1";

const INSERT_ROLE: &str = "insert into doorward.roles (name, description) values ($1, $2)";

const PERMIT: &str = "
    insert into doorward.role_permissions (role_id, permission_id)
    select r.id, p.id from doorward.roles r, doorward.permissions p where r.name = $1 and p.name = $2";

const INSERT_PERMISSION: &str = "insert into doorward.permissions (name, description) values ($1, $2)";

const GRANT: &str = "
    insert into doorward.user_roles (user_id, role_id)
    select u.id, r.id from doorward.users u, doorward.roles r where u.id = $1 and r.name = $2";

const REVOKE: &str = "
    delete from doorward.user_roles
    where user_id = $1 and role_id = (select id from doorward.roles where name = $2)";

const TOUCH: &str = "update doorward.users set version = version + 1, updated_at = now() where id = $1";
