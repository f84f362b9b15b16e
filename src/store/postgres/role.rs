//! Roles and permissions as rows.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::columns::Columns;
use super::fault::Fault;
use crate::store::{Permission, PermissionName, Role, RoleName};

/// Every role, by name.
pub(super) async fn roles(client: &impl GenericClient) -> Result<Vec<Role>, Fault> {
    let statement = client.prepare_cached(&format!("{ROLES} order by ro.name")).await?;
    client.query(&statement, &[]).await?.iter().map(role).collect()
}

/// The role of that name.
pub(super) async fn find(client: &impl GenericClient, name: &RoleName) -> Result<Option<Role>, Fault> {
    let statement = client.prepare_cached(&format!("{ROLES} where ro.name = $1")).await?;
    client.query_opt(&statement, &[&name.as_str()]).await?.as_ref().map(role).transpose()
}

/// Every permission, by name.
pub(super) async fn permissions(client: &impl GenericClient) -> Result<Vec<Permission>, Fault> {
    let statement = client.prepare_cached(&format!("{PERMISSIONS} order by name")).await?;
    client.query(&statement, &[]).await?.iter().map(permission).collect()
}

/// The permission of that name.
pub(super) async fn find_permission(
    client: &impl GenericClient,
    name: &PermissionName,
) -> Result<Option<Permission>, Fault> {
    let statement = client.prepare_cached(&format!("{PERMISSIONS} where name = $1")).await?;
    client.query_opt(&statement, &[&name.as_str()]).await?.as_ref().map(permission).transpose()
}

fn role(row: &Row) -> Result<Role, Fault> {
    Ok(Role {
        name: row.column(0)?,
        description: row.column(1)?,
        system: row.column(2)?,
        grants_all: row.column(3)?,
        permissions: row.column(4)?,
    })
}

fn permission(row: &Row) -> Result<Permission, Fault> {
    Ok(Permission { name: row.column(0)?, description: row.column(1)?, system: row.column(2)? })
}

const ROLES: &str = "
    select ro.name, ro.description, ro.system, ro.grants_all,
      array(select p.name from doorward.role_permissions rp join doorward.permissions p on p.id = rp.permission_id
            where rp.role_id = ro.id order by p.name)
    from doorward.roles ro";

const PERMISSIONS: &str = "select name, description, system from doorward.permissions";
