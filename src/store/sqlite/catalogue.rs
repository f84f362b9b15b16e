//! All roles with their permissions, as one state of the file.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use super::fault::Fault;
use crate::store::{CatalogueRows, PermissionName, Position, RoleId, RoleName, RoleRow};

/// Reads the catalogue. A name that breaks the rules can only come from a damaged row. A role of such a name, or with
/// a permission of such a name, is left out, so that its holders are refused (their role is unknown) and others are not.
pub(super) fn read(connection: &mut Connection) -> Result<CatalogueRows, Fault> {
    let snapshot = connection.transaction()?;
    Ok(CatalogueRows {
        roles: roles(&snapshot)?,
        permissions: permissions(&snapshot)?,
        as_of: Position(snapshot.query_row("select coalesce(max(seq), 0) from change", [], |row| row.get(0))?),
    })
}

fn permissions(snapshot: &Connection) -> Result<Vec<String>, Fault> {
    let mut statement = snapshot.prepare_cached("select name from permissions order by name")?;
    let names = statement.query_map([], |row| permission(row, 0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(names.into_iter().flatten().collect())
}

fn roles(snapshot: &Connection) -> Result<Vec<RoleRow>, Fault> {
    let mut statement = snapshot.prepare_cached("select id, name, grants_all from roles order by id")?;
    let found = statement.query_map([], role)?.collect::<Result<Vec<_>, _>>()?;
    let mut roles: BTreeMap<RoleId, RoleRow> = found.into_iter().flatten().map(|role| (role.id, role)).collect();
    let mut links = snapshot.prepare_cached(LINKS)?;
    let mut rows = links.query([])?;
    while let Some(row) = rows.next()? {
        let id = RoleId(row.get(0)?);
        match (permission(row, 1)?, roles.get_mut(&id)) {
            (Some(name), Some(role)) => role.permissions.push(name),
            (None, _) => drop(roles.remove(&id)),
            (Some(_), None) => {}
        }
    }
    Ok(roles.into_values().collect())
}

fn role(row: &Row<'_>) -> rusqlite::Result<Option<RoleRow>> {
    let Ok(name) = row.get_ref(1)?.as_str() else { return Ok(None) };
    let Ok(name) = RoleName::parse(name) else { return Ok(None) };
    Ok(Some(RoleRow { id: RoleId(row.get(0)?), name: name.into(), grants_all: row.get(2)?, permissions: Vec::new() }))
}

fn permission(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    let text = row.get_ref(column)?;
    Ok(text.as_str().ok().and_then(|name| PermissionName::parse(name).ok()).map(String::from))
}

/// A link whose permission is gone (a program without foreign keys) has no name: the role is damaged too.
const LINKS: &str = "
    select rp.role_id, p.name from role_permissions rp left join permissions p on p.id = rp.permission_id
    order by p.name";
