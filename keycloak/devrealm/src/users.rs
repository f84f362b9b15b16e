//! The users of a realm.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::user::User;

/// The users of a realm, by id.
#[derive(Debug, Default)]
pub(crate) struct Users {
    by_id: BTreeMap<String, User>,
}

/// What of a user is taken already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Username,
    Email,
}

impl Users {
    /// The users of a realm that is being imported.
    pub(crate) fn import(users: Vec<User>, now_ms: i64) -> Result<Self, Error> {
        let mut all = Self::default();
        for user in users {
            let user = user.imported(now_ms);
            if all.by_id.contains_key(&user.id) || all.taken(&user).is_some() {
                return Err(Error::TwiceTheUser(user.username));
            }
            all.add(user);
        }
        Ok(all)
    }

    /// Adds a user or puts one in the place of an older version.
    pub(crate) fn add(&mut self, user: User) {
        self.by_id.insert(user.id.clone(), user);
    }

    /// Whether there is room for one more: the realm's state is bounded.
    pub(crate) fn have_room(&self) -> bool {
        self.by_id.len() < MOST_USERS
    }

    /// Removes a user; whether there was one.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.by_id.remove(id).is_some()
    }

    /// The user of this id.
    pub(crate) fn find(&self, id: &str) -> Option<&User> {
        self.by_id.get(id)
    }

    /// The user of this id, to be changed.
    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut User> {
        self.by_id.get_mut(id)
    }

    /// The user who signs in under this name, or under this e-mail where the realm allows that.
    pub(crate) fn sign_in(&self, name: &str, by_email: bool) -> Option<&User> {
        let by_name = self.all().find(|user| user.username.eq_ignore_ascii_case(name));
        by_name.or_else(|| self.all().find(|user| by_email && user.has_email(name))).filter(|user| user.is_person())
    }

    /// The service account of a client.
    pub(crate) fn service_account(&self, client_id: &str) -> Option<&User> {
        self.all().find(|user| user.service_account_client_id.as_deref() == Some(client_id))
    }

    /// What of this user another user has already; Keycloak names the e-mail first.
    pub(crate) fn taken(&self, user: &User) -> Option<Taken> {
        let others = || self.all().filter(|other| other.id != user.id);
        let email = user.email.as_deref().is_some_and(|email| others().any(|other| other.has_email(email)));
        let name = others().any(|other| other.username.eq_ignore_ascii_case(&user.username));
        if email { Some(Taken::Email) } else { name.then_some(Taken::Username) }
    }

    /// All users.
    pub(crate) fn all(&self) -> impl Iterator<Item = &User> {
        self.by_id.values()
    }
}

const MOST_USERS: usize = 100_000;
