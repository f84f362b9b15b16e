//! A role is taken away from a user.

use super::{Proposal, Refusal};
use crate::store::{Facts, Plan, Query, RoleName, UserKey, Write};

/// Takes a role away from a user, whatever the user's state; a role that the user does not hold is no error.
#[derive(Clone, Debug)]
pub struct Revoke {
    /// From whom.
    pub user: UserKey,
    /// Which.
    pub role: RoleName,
}

impl Proposal for Revoke {
    fn query(&self) -> Query {
        Query { users: vec![self.user.clone()], roles: vec![self.role.clone()], ..Query::default() }
    }

    fn decide(self, facts: &Facts) -> Result<Plan, Refusal> {
        let user = facts.user(&self.user).ok_or(Refusal::UnknownUser)?;
        facts.role(&self.role).ok_or_else(|| Refusal::UnknownRole(self.role.clone()))?;
        if !user.roles.iter().any(|held| held == self.role.as_str()) {
            return Ok(Plan::default());
        }
        Ok(Plan(vec![Write::Revoke { user: user.id, role: self.role }]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::seed::tests::{role, user};

    #[test]
    fn a_role_is_taken_away_once_even_from_who_is_deleted() {
        let mut alice = user("alice");
        alice.state = crate::store::UserState::Deleted;
        alice.roles.push("admin".to_owned());
        let mut facts = Facts { users: vec![alice], roles: vec![role("admin")], ..Facts::default() };
        let revoke = Revoke { user: UserKey::Id(facts.users[0].id), role: RoleName::parse("admin").unwrap() };
        let taken = Write::Revoke { user: facts.users[0].id, role: revoke.role.clone() };
        assert_eq!(revoke.clone().decide(&facts), Ok(Plan(vec![taken])));
        facts.users[0].roles.clear();
        assert_eq!(revoke.decide(&facts), Ok(Plan::default()));
    }
}
