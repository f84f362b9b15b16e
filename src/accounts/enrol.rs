//! An account of the issuer becomes a user here.

use std::fmt;

use uuid::Uuid;

use super::{Proposal, Refusal, Taken};
use crate::identity::{Profile, Subject};
use crate::store::{Email, Facts, NewUser, Plan, Query, UserKey, UserKind, UserState, Username, Write};

/// Makes a user without roles for an account of the issuer. The account is known by its subject alone: a name that
/// another user has is refused, never taken over. A user that is there already is no error.
#[derive(Clone, Debug)]
pub struct Enrol(NewUser);

/// An account as Keycloak's administration describes it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeycloakAccount {
    /// Who it is.
    pub subject: Subject,
    /// `username`.
    pub username: String,
    /// `email`.
    pub email: Option<String>,
    /// `emailVerified`.
    pub email_verified: bool,
    /// `firstName`.
    pub first_name: Option<String>,
    /// `lastName`.
    pub last_name: Option<String>,
    /// `enabled`; an account that is not becomes a disabled user.
    pub enabled: bool,
}

/// Without what is personal or secret.
impl fmt::Debug for KeycloakAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeycloakAccount").finish_non_exhaustive()
    }
}

impl Enrol {
    /// Adopts a person that Keycloak has.
    pub fn adopt(id: Uuid, account: KeycloakAccount) -> Result<Self, Refusal> {
        Self::new(id, UserKind::Person, account)
    }

    /// Takes up the service account of a client.
    pub fn service(id: Uuid, account: KeycloakAccount) -> Result<Self, Refusal> {
        Self::new(id, UserKind::Service, account)
    }

    /// Makes a person on first sight of a token.
    pub fn first_sight(id: Uuid, subject: Subject, profile: &Profile) -> Result<Self, Refusal> {
        let account = KeycloakAccount {
            subject,
            username: profile.username.clone().ok_or(Refusal::NameMissing)?,
            email: profile.email.clone(),
            email_verified: profile.email_verified,
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            enabled: true,
        };
        Self::new(id, UserKind::Person, account)
    }

    fn new(id: Uuid, kind: UserKind, account: KeycloakAccount) -> Result<Self, Refusal> {
        let email = account.email.filter(|email| !email.is_empty());
        Ok(Self(NewUser {
            id,
            kind,
            subject: account.subject,
            username: Username::mirror(&account.username)?,
            email_verified: account.email_verified && email.is_some(),
            email: email.as_deref().map(Email::mirror).transpose()?,
            first_name: account.first_name.filter(|name| !name.is_empty()),
            last_name: account.last_name.filter(|name| !name.is_empty()),
            state: if account.enabled { UserState::Active } else { UserState::Disabled },
        }))
    }

    /// The user that would be made.
    pub(super) fn user(&self) -> &NewUser {
        &self.0
    }

    fn keys(&self) -> (UserKey, UserKey, Option<UserKey>) {
        (
            UserKey::Subject(self.0.subject.clone()),
            UserKey::Username(self.0.username.clone()),
            self.0.email.clone().map(UserKey::Email),
        )
    }
}

impl Proposal for Enrol {
    fn query(&self) -> Query {
        let (subject, username, email) = self.keys();
        Query { users: [subject, username].into_iter().chain(email).collect(), ..Query::default() }
    }

    fn decide(self, facts: &Facts) -> Result<Plan, Refusal> {
        let (subject, username, email) = self.keys();
        if let Some(known) = facts.user(&subject) {
            return match known.state {
                UserState::Active | UserState::Disabled if known.kind == self.0.kind => Ok(Plan::default()),
                UserState::Active | UserState::Disabled => Err(Refusal::WrongKind(known.kind)),
                UserState::Pending | UserState::Deleted | UserState::Purged => Err(Refusal::WrongState(known.state)),
            };
        }
        if facts.user(&username).is_some() {
            return Err(Refusal::NameTaken(Taken::Username));
        }
        if email.is_some_and(|email| facts.user(&email).is_some()) {
            return Err(Refusal::NameTaken(Taken::Email));
        }
        Ok(Plan(vec![Write::User(self.0)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::seed::tests::{account, user};

    fn adopt(name: &str) -> Enrol {
        Enrol::adopt(Uuid::from_u128(7), account(name)).unwrap()
    }

    #[test]
    fn a_new_account_becomes_an_active_person() {
        let Plan(writes) = adopt("Alice").decide(&Facts::default()).unwrap();
        let [Write::User(new)] = &writes[..] else { panic!("{writes:?}") };
        assert_eq!((new.kind, new.state), (UserKind::Person, UserState::Active));
        assert_eq!(new.username.as_str(), "alice");
    }

    #[test]
    fn an_account_that_is_disabled_there_is_disabled_here() {
        let disabled = KeycloakAccount { enabled: false, ..account("alice") };
        let enrol = Enrol::adopt(Uuid::from_u128(7), disabled).unwrap();
        assert_eq!(enrol.user().state, UserState::Disabled);
    }

    #[test]
    fn who_is_known_by_subject_is_left_as_is() {
        let mut facts = Facts { users: vec![user("alice")], ..Facts::default() };
        assert_eq!(adopt("alice").decide(&facts), Ok(Plan::default()));
        assert_eq!(
            Enrol::service(Uuid::from_u128(7), account("alice")).unwrap().decide(&facts),
            Err(Refusal::WrongKind(UserKind::Person))
        );
        facts.users[0].state = UserState::Deleted;
        assert_eq!(adopt("alice").decide(&facts), Err(Refusal::WrongState(UserState::Deleted)));
    }

    #[test]
    fn a_name_of_somebody_else_is_never_taken_over() {
        let mut other = user("alice");
        other.subject = user("bob").subject;
        let mut facts = Facts { users: vec![other], ..Facts::default() };
        assert_eq!(adopt("alice").decide(&facts), Err(Refusal::NameTaken(Taken::Username)));
        facts.users[0].username = "renamed".to_owned();
        assert_eq!(adopt("alice").decide(&facts), Err(Refusal::NameTaken(Taken::Email)));
    }

    #[test]
    fn a_token_without_a_name_makes_no_account() {
        let subject = account("alice").subject;
        let refused = Enrol::first_sight(Uuid::from_u128(7), subject, &Profile::default()).map(|_| ());
        assert_eq!(refused, Err(Refusal::NameMissing));
    }
}
