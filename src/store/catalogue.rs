//! From rows to the catalogue, whatever database they come from.

use std::collections::BTreeMap;

use super::{CatalogueRows, PermissionName, Position, RoleId, RoleName, RoleRow};

/// A catalogue that is being read. A name that breaks the rules can only come from a damaged row. A role of such a
/// name, or with a permission of such a name, is left out, so that its holders are refused (their role is unknown)
/// and others are not.
#[derive(Default)]
pub(super) struct CatalogueReading {
    roles: BTreeMap<RoleId, RoleRow>,
    permissions: Vec<String>,
}

impl CatalogueReading {
    /// A permission.
    pub(super) fn permission(&mut self, name: Option<&str>) {
        self.permissions.extend(permission(name));
    }

    /// A role; no name where it is not even text.
    pub(super) fn role(&mut self, id: RoleId, name: Option<&str>, grants_all: bool) {
        if let Some(name) = name.and_then(|name| RoleName::parse(name).ok()) {
            self.roles.insert(id, RoleRow { id, name: name.into(), grants_all, permissions: Vec::new() });
        }
    }

    /// A link, after all roles; no name where the permission is gone or is not even text.
    pub(super) fn link(&mut self, role: RoleId, name: Option<&str>) {
        match (permission(name), self.roles.get_mut(&role)) {
            (Some(name), Some(role)) => role.permissions.push(name),
            (None, _) => drop(self.roles.remove(&role)),
            (Some(_), None) => {}
        }
    }

    /// The catalogue as of a position.
    pub(super) fn end(self, as_of: Position) -> CatalogueRows {
        CatalogueRows { roles: self.roles.into_values().collect(), permissions: self.permissions, as_of }
    }
}

fn permission(name: Option<&str>) -> Option<String> {
    name.and_then(|name| PermissionName::parse(name).ok()).map(String::from)
}
