//! The people of the development realm.

use super::{Enrol, Proposal, Refusal};
use crate::store::{Facts, NewRole, Plan, Query, RoleName, User, UserKey, Write};

/// Makes sure that people are there with their roles, and the roles too. Doing it again changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// Who.
    pub people: Vec<Seeded>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// The account.
    pub account: Enrol,
    /// The roles; those that do not exist are made.
    pub roles: Vec<RoleName>,
}

impl Proposal for Seed {
    fn query(&self) -> Query {
        let users = self.people.iter().flat_map(|person| person.account.query().users).collect();
        Query { users, roles: self.roles(), ..Query::default() }
    }

    fn decide(self, facts: &Facts) -> Result<Plan, Refusal> {
        let missing = self.roles().into_iter().filter(|name| facts.role(name).is_none());
        let mut writes: Vec<_> =
            missing.map(|name| Write::Role(NewRole { name, description: None, permissions: Vec::new() })).collect();
        for person in self.people {
            person.seed(facts, &mut writes)?;
        }
        Ok(Plan(writes))
    }
}

impl Seed {
    fn roles(&self) -> Vec<RoleName> {
        let mut roles: Vec<_> = self.people.iter().flat_map(|person| person.roles.clone()).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }
}

impl Seeded {
    fn seed(self, facts: &Facts, writes: &mut Vec<Write>) -> Result<(), Refusal> {
        let subject = self.account.user().subject.clone();
        let known = facts.user(&UserKey::Subject(subject.clone()));
        let moved = self.under_another_issuer(facts);
        let (id, held) = match known.or(moved) {
            Some(user) => (user.id, user.roles.clone()),
            None => (self.account.user().id, Vec::new()),
        };
        match (known, moved) {
            (None, Some(user)) => writes.push(Write::Subject { user: user.id, subject }),
            _ => writes.extend(self.account.decide(facts)?.0),
        }
        let lacking = self.roles.into_iter().filter(|role| !held.iter().any(|held| held == role.as_str()));
        writes.extend(lacking.map(|role| Write::Grant { user: id, role }));
        Ok(())
    }

    /// The realm's address, and with it the issuer, may be another one than in the last run.
    fn under_another_issuer<'f>(&self, facts: &'f Facts) -> Option<&'f User> {
        let new = self.account.user();
        facts
            .user(&UserKey::Username(new.username.clone()))
            .filter(|user| user.subject.as_ref().is_some_and(|subject| subject.sub() == new.subject.sub()))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::SystemTime;

    use uuid::Uuid;

    use super::*;
    use crate::accounts::KeycloakAccount;
    use crate::identity::Subject;
    use crate::store::{Role, UserKind, UserState};

    pub(in crate::accounts) fn account(name: &str) -> KeycloakAccount {
        KeycloakAccount {
            subject: Subject::new("https://sso".into(), format!("k-{name}").into()),
            username: name.to_owned(),
            email: Some(format!("{name}@example.com")),
            email_verified: true,
            first_name: None,
            last_name: None,
            enabled: true,
        }
    }

    pub(in crate::accounts) fn user(name: &str) -> User {
        User {
            id: Uuid::from_u128(name.len() as u128),
            kind: UserKind::Person,
            subject: Some(account(name).subject),
            username: name.to_owned(),
            email: account(name).email,
            email_verified: true,
            first_name: None,
            last_name: None,
            phone_number: None,
            state: UserState::Active,
            roles: Vec::new(),
            version: 1,
            created_at: SystemTime::UNIX_EPOCH,
            updated_at: SystemTime::UNIX_EPOCH,
            deleted_at: None,
        }
    }

    pub(in crate::accounts) fn role(name: &str) -> Role {
        Role { name: name.to_owned(), description: None, system: false, grants_all: false, permissions: Vec::new() }
    }

    fn seed() -> Seed {
        let account = Enrol::adopt(Uuid::from_u128(9), account("alice")).unwrap();
        Seed { people: vec![Seeded { account, roles: vec![RoleName::parse("user").unwrap()] }] }
    }

    #[test]
    fn an_empty_database_gets_roles_people_and_links_in_that_order() {
        let Plan(writes) = seed().decide(&Facts::default()).unwrap();
        assert!(matches!(&writes[..], [Write::Role(_), Write::User(_), Write::Grant { .. }]), "{writes:?}");
    }

    #[test]
    fn a_seeded_database_is_left_as_is() {
        let mut alice = user("alice");
        alice.roles.push("user".to_owned());
        let facts = Facts { users: vec![alice], roles: vec![role("user")], ..Facts::default() };
        assert_eq!(seed().decide(&facts), Ok(Plan::default()));
    }

    #[test]
    fn a_realm_at_another_address_keeps_its_people() {
        let mut alice = user("alice");
        alice.subject = Some(Subject::new("https://old".into(), "k-alice".into()));
        alice.roles.push("user".to_owned());
        let facts = Facts { users: vec![alice], roles: vec![role("user")], ..Facts::default() };
        let Plan(writes) = seed().decide(&facts).unwrap();
        assert!(matches!(&writes[..], [Write::Subject { .. }]), "{writes:?}");
    }
}
