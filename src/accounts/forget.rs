//! A user of a rehearsal leaves no trace.

use super::{Proposal, Refusal};
use crate::identity::Subject;
use crate::store::{Facts, Plan, Query, UserKey, Write};

/// Removes the row of somebody who never was a user: without roles, and known by subject. People are deleted in another
/// way, which keeps their names taken.
#[derive(Clone, Debug)]
pub struct Forget {
    /// Whom.
    pub subject: Subject,
}

impl Proposal for Forget {
    fn query(&self) -> Query {
        Query { users: vec![UserKey::Subject(self.subject.clone())], ..Query::default() }
    }

    fn decide(self, facts: &Facts) -> Result<Plan, Refusal> {
        match facts.user(&UserKey::Subject(self.subject)) {
            None => Ok(Plan::default()),
            Some(user) if user.roles.is_empty() => Ok(Plan(vec![Write::Forget { user: user.id }])),
            Some(user) => Err(Refusal::WrongState(user.state)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::seed::tests::user;

    #[test]
    fn only_who_holds_nothing_is_forgotten() {
        let mut alice = user("alice");
        let forget = Forget { subject: alice.subject.clone().unwrap() };
        assert_eq!(forget.clone().decide(&Facts::default()), Ok(Plan::default()));
        let facts = |user| Facts { users: vec![user], ..Facts::default() };
        let plan = forget.clone().decide(&facts(alice.clone()));
        assert_eq!(plan, Ok(Plan(vec![Write::Forget { user: alice.id }])));
        alice.roles.push("admin".to_owned());
        assert!(forget.decide(&facts(alice)).is_err());
    }
}
