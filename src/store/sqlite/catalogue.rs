//! All roles with their permissions, as one state of the file.

use rusqlite::{Connection, Row};

use super::fault::Fault;
use crate::store::catalogue::CatalogueReading;
use crate::store::{CatalogueRows, Position, RoleId};

/// Reads the catalogue.
pub(super) fn read(connection: &mut Connection) -> Result<CatalogueRows, Fault> {
    let snapshot = connection.transaction()?;
    let mut catalogue = CatalogueReading::default();
    each(&snapshot, "select name from permissions order by name", |row| {
        catalogue.permission(text(row, 0)?);
        Ok(())
    })?;
    each(&snapshot, "select id, name, grants_all from roles order by id", |row| {
        catalogue.role(RoleId(row.get(0)?), text(row, 1)?, row.get(2)?);
        Ok(())
    })?;
    each(&snapshot, LINKS, |row| {
        catalogue.link(RoleId(row.get(0)?), text(row, 1)?);
        Ok(())
    })?;
    let as_of = snapshot.query_row("select coalesce(max(seq), 0) from change", [], |row| row.get(0))?;
    Ok(catalogue.end(Position(as_of)))
}

fn each(snapshot: &Connection, sql: &str, mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>) -> Result<(), Fault> {
    let mut statement = snapshot.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

/// Nothing where the column holds no text.
fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<Option<&'r str>> {
    Ok(row.get_ref(column)?.as_str().ok())
}

/// A link whose permission is gone (a program without foreign keys) has no name: the role is damaged too.
const LINKS: &str = "
    select rp.role_id, p.name from role_permissions rp left join permissions p on p.id = rp.permission_id
    order by p.name";
