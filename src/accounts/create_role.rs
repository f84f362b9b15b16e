//! A role is made.

use super::{Proposal, Refusal, Taken};
use crate::store::{Facts, NewRole, PermissionName, Plan, Query, RoleName, Write};

/// Makes a role that holds permissions which exist.
#[derive(Clone, Debug)]
pub struct CreateRole {
    /// Its name.
    pub name: RoleName,
    /// What it is for.
    pub description: Option<String>,
    /// What it permits.
    pub permissions: Vec<PermissionName>,
}

impl Proposal for CreateRole {
    fn query(&self) -> Query {
        Query { roles: vec![self.name.clone()], permissions: self.permissions.clone(), ..Query::default() }
    }

    fn decide(self, facts: &Facts) -> Result<Plan, Refusal> {
        if facts.role(&self.name).is_some() {
            return Err(Refusal::NameTaken(Taken::Role));
        }
        if let Some(unknown) = self.permissions.iter().find(|name| facts.permission(name).is_none()) {
            return Err(Refusal::UnknownPermission(unknown.clone()));
        }
        let mut permissions = self.permissions;
        permissions.sort_unstable();
        permissions.dedup();
        Ok(Plan(vec![Write::Role(NewRole { name: self.name, description: self.description, permissions })]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::seed::tests::role;
    use crate::store::Permission;

    fn create(permissions: &[&str]) -> CreateRole {
        CreateRole {
            name: RoleName::parse("editor").unwrap(),
            description: None,
            permissions: permissions.iter().map(|name| PermissionName::parse(name).unwrap()).collect(),
        }
    }

    #[test]
    fn a_role_holds_each_permission_once() {
        let known = Permission { name: "post:write".to_owned(), description: None, system: false };
        let facts = Facts { permissions: vec![known], ..Facts::default() };
        let Plan(writes) = create(&["post:write", "post:write"]).decide(&facts).unwrap();
        let [Write::Role(new)] = &writes[..] else { panic!("{writes:?}") };
        assert_eq!(new.permissions.len(), 1);
    }

    #[test]
    fn a_known_role_and_an_unknown_permission_are_refused() {
        let facts = Facts { roles: vec![role("editor")], ..Facts::default() };
        assert_eq!(create(&[]).decide(&facts), Err(Refusal::NameTaken(Taken::Role)));
        let unknown = PermissionName::parse("post:write").unwrap();
        assert_eq!(create(&["post:write"]).decide(&Facts::default()), Err(Refusal::UnknownPermission(unknown)));
    }
}
