//! A permission is made.

use super::{Proposal, Refusal, Taken};
use crate::store::{Facts, NewPermission, PermissionName, Plan, Query, Write};

/// Makes a permission.
#[derive(Clone, Debug)]
pub struct CreatePermission {
    /// Its name.
    pub name: PermissionName,
    /// What it is for.
    pub description: Option<String>,
}

impl Proposal for CreatePermission {
    fn query(&self) -> Query {
        Query { permissions: vec![self.name.clone()], ..Query::default() }
    }

    fn decide(self, facts: &Facts) -> Result<Plan, Refusal> {
        if facts.permission(&self.name).is_some() {
            return Err(Refusal::NameTaken(Taken::Permission));
        }
        Ok(Plan(vec![Write::Permission(NewPermission { name: self.name, description: self.description })]))
    }
}
