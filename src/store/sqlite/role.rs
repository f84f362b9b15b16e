//! Roles and permissions as rows.

use rusqlite::{Connection, Row};

use super::fault::Fault;
use super::user::Names;
use crate::store::{Permission, PermissionName, Role, RoleName};

/// Every role, by name.
pub(super) fn roles(connection: &Connection) -> Result<Vec<Role>, Fault> {
    let mut statement = connection.prepare_cached(&format!("{ROLES} order by name"))?;
    Ok(statement.query_map([], role)?.collect::<Result<_, _>>()?)
}

/// The role of that name.
pub(super) fn find(connection: &Connection, name: &RoleName) -> Result<Option<Role>, Fault> {
    let mut statement = connection.prepare_cached(&format!("{ROLES} where name = ?1"))?;
    let mut rows = statement.query([name.as_str()])?;
    Ok(rows.next()?.map(role).transpose()?)
}

/// Every permission, by name.
pub(super) fn permissions(connection: &Connection) -> Result<Vec<Permission>, Fault> {
    let mut statement = connection.prepare_cached(&format!("{PERMISSIONS} order by name"))?;
    Ok(statement.query_map([], permission)?.collect::<Result<_, _>>()?)
}

/// The permission of that name.
pub(super) fn find_permission(connection: &Connection, name: &PermissionName) -> Result<Option<Permission>, Fault> {
    let mut statement = connection.prepare_cached(&format!("{PERMISSIONS} where name = ?1"))?;
    let mut rows = statement.query([name.as_str()])?;
    Ok(rows.next()?.map(permission).transpose()?)
}

fn role(row: &Row<'_>) -> rusqlite::Result<Role> {
    Ok(Role {
        name: row.get("name")?,
        description: row.get("description")?,
        system: row.get("system")?,
        grants_all: row.get("grants_all")?,
        permissions: row.get::<_, Names>("permissions")?.0,
    })
}

fn permission(row: &Row<'_>) -> rusqlite::Result<Permission> {
    Ok(Permission { name: row.get("name")?, description: row.get("description")?, system: row.get("system")? })
}

const ROLES: &str = "
    select name, description, system, grants_all,
      (select json_group_array(p.name) from role_permissions rp join permissions p on p.id = rp.permission_id
       where rp.role_id = roles.id) as permissions
    from roles";

const PERMISSIONS: &str = "select name, description, system from permissions";
