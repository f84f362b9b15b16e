//! A role is given to a user.

use super::{Proposal, Refusal};
use crate::store::{Facts, Plan, Query, RoleName, User, UserKey, UserState, Write};

/// Gives a role to a user; a role that the user holds already is no error.
#[derive(Clone, Debug)]
pub struct Grant {
    /// To whom.
    pub user: UserKey,
    /// Which.
    pub role: RoleName,
}

impl Proposal for Grant {
    fn query(&self) -> Query {
        Query { users: vec![self.user.clone()], roles: vec![self.role.clone()], ..Query::default() }
    }

    fn decide(self, facts: &Facts) -> Result<Plan, Refusal> {
        let user = facts.user(&self.user).ok_or(Refusal::UnknownUser)?;
        facts.role(&self.role).ok_or_else(|| Refusal::UnknownRole(self.role.clone()))?;
        if !holds_roles(user) {
            return Err(Refusal::WrongState(user.state));
        }
        if user.roles.iter().any(|held| held == self.role.as_str()) {
            return Ok(Plan::default());
        }
        Ok(Plan(vec![Write::Grant { user: user.id, role: self.role }]))
    }
}

fn holds_roles(user: &User) -> bool {
    match user.state {
        UserState::Active | UserState::Disabled => true,
        UserState::Pending | UserState::Deleted | UserState::Purged => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::seed::tests::{role, user};

    fn grant(facts: &Facts) -> Result<Plan, Refusal> {
        let user = UserKey::Username(crate::store::Username::mirror("alice").unwrap());
        Grant { user, role: RoleName::parse("admin").unwrap() }.decide(facts)
    }

    #[test]
    fn a_role_is_given_once() {
        let mut facts = Facts { users: vec![user("alice")], roles: vec![role("admin")], ..Facts::default() };
        let id = facts.users[0].id;
        let given = Write::Grant { user: id, role: RoleName::parse("admin").unwrap() };
        assert_eq!(grant(&facts), Ok(Plan(vec![given])));
        facts.users[0].roles.push("admin".to_owned());
        assert_eq!(grant(&facts), Ok(Plan::default()));
    }

    #[test]
    fn who_or_what_is_unknown_is_refused() {
        assert_eq!(grant(&Facts::default()), Err(Refusal::UnknownUser));
        let facts = Facts { users: vec![user("alice")], ..Facts::default() };
        assert_eq!(grant(&facts), Err(Refusal::UnknownRole(RoleName::parse("admin").unwrap())));
    }

    #[test]
    fn a_deleted_user_gets_no_role() {
        let mut facts = Facts { users: vec![user("alice")], roles: vec![role("admin")], ..Facts::default() };
        for state in [UserState::Deleted, UserState::Pending, UserState::Purged] {
            facts.users[0].state = state;
            assert_eq!(grant(&facts), Err(Refusal::WrongState(state)));
        }
    }
}
