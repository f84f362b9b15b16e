//! Roles and what they permit, in memory: enrichment reads role ids, their meaning is here.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Entitlement;
use crate::store::{CatalogueRows, Position, RoleId, StoreError};

/// Sorted names of roles or of permissions.
type Names = BTreeSet<Arc<str>>;

/// A snapshot of all roles and permissions, as one read of the database saw them.
#[derive(Debug)]
pub struct Catalogue {
    roles: HashMap<RoleId, Role>,
    ids: HashMap<Arc<str>, RoleId>,
    entitlements: papaya::HashMap<Box<[RoleId]>, Arc<Entitlement>>,
    as_of: Position,
    epoch: u64,
}

#[derive(Debug)]
struct Role {
    name: Arc<str>,
    permissions: Vec<Arc<str>>,
}

impl Catalogue {
    /// Builds the snapshot. A role that grants all holds every permission there is.
    #[must_use]
    pub fn new(rows: CatalogueRows, epoch: u64) -> Self {
        let every: BTreeSet<Arc<str>> = rows.permissions.into_iter().map(Arc::from).collect();
        let mut roles = HashMap::with_capacity(rows.roles.len());
        let mut ids = HashMap::with_capacity(rows.roles.len());
        for row in rows.roles {
            let name: Arc<str> = row.name.into();
            let held =
                |permission: &Arc<str>| row.grants_all || row.permissions.iter().any(|held| **held == **permission);
            let permissions = every.iter().filter(|permission| held(permission)).cloned().collect();
            ids.insert(Arc::clone(&name), row.id);
            roles.insert(row.id, Role { name, permissions });
        }
        Self { roles, ids, entitlements: papaya::HashMap::new(), as_of: rows.as_of, epoch }
    }

    /// The newest change that this snapshot contains.
    #[must_use]
    pub fn as_of(&self) -> Position {
        self.as_of
    }

    /// The epoch in which that position counts.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The id of a role, by name.
    #[must_use]
    pub fn role_id(&self, name: &str) -> Option<RoleId> {
        self.ids.get(name).copied()
    }

    /// Names and permissions of these roles; nothing where one of them is newer than the snapshot.
    #[must_use]
    pub fn resolve(&self, roles: &[RoleId]) -> Option<(Names, Names)> {
        let mut names = BTreeSet::new();
        let mut permissions = BTreeSet::new();
        for id in roles {
            let role = self.roles.get(id)?;
            names.insert(Arc::clone(&role.name));
            permissions.extend(role.permissions.iter().cloned());
        }
        Some((names, permissions))
    }

    /// What these roles permit together. Users are many and their sets of roles are few, so one is derived for all
    /// who hold it; nothing where the snapshot does not know one of the roles.
    pub(super) fn entitlement(&self, roles: &[RoleId]) -> Result<Option<Arc<Entitlement>>, StoreError> {
        let shared = self.entitlements.pin();
        if let Some(entitlement) = shared.get(roles) {
            return Ok(Some(Arc::clone(entitlement)));
        }
        let Some(entitlement) = Entitlement::resolve(roles, &[], self)?.map(Arc::new) else { return Ok(None) };
        if shared.len() < MAX_SHARED {
            shared.insert(roles.into(), Arc::clone(&entitlement));
        }
        Ok(Some(entitlement))
    }
}

/// Sets of roles that are remembered; whoever holds another has an entitlement of their own.
const MAX_SHARED: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RoleRow;

    fn role(id: i64, name: &str, grants_all: bool, permissions: &[&str]) -> RoleRow {
        RoleRow {
            id: RoleId(id),
            name: name.into(),
            grants_all,
            permissions: permissions.iter().map(|&p| p.into()).collect(),
        }
    }

    #[test]
    fn a_role_that_grants_all_holds_every_permission() {
        let catalogue = Catalogue::new(
            CatalogueRows {
                roles: vec![role(1, "admin", true, &[]), role(2, "clerk", false, &["users:read"])],
                permissions: vec!["users:write".into(), "users:read".into()],
                as_of: Position(7),
            },
            0,
        );
        let (names, permissions) = catalogue.resolve(&[RoleId(1)]).unwrap();
        assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["admin"]);
        assert_eq!(permissions.iter().map(|name| &**name).collect::<Vec<_>>(), ["users:read", "users:write"]);
        let (_, permissions) = catalogue.resolve(&[RoleId(2)]).unwrap();
        assert_eq!(permissions.len(), 1);
    }

    #[test]
    fn a_role_that_is_not_in_the_snapshot_is_not_no_role() {
        let catalogue = Catalogue::new(CatalogueRows { roles: vec![], permissions: vec![], as_of: Position(1) }, 0);
        assert!(catalogue.resolve(&[RoleId(9)]).is_none());
    }
}
