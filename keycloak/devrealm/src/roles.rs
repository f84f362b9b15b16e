//! The roles that a user was given into the roles that the user has, and so the audiences that come with them.

use std::collections::{BTreeMap, BTreeSet};

use crate::user::User;

/// The effective roles of a user.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    pub(crate) realm: BTreeSet<String>,
    pub(crate) clients: BTreeMap<String, BTreeSet<String>>,
}

impl Roles {
    /// Roles that are made of roles bring those along, as in a fresh realm.
    pub(crate) fn of(user: &User, realm: &str) -> Self {
        let mut roles = Self::default();
        roles.realm.extend(user.realm_roles.iter().cloned());
        if roles.realm.contains(&format!("default-roles-{realm}")) {
            roles.realm.extend(DEFAULT_REALM_ROLES.iter().map(|role| (*role).to_owned()));
            roles.add_client("account", DEFAULT_ACCOUNT_ROLES);
        }
        for (client, given) in &user.client_roles {
            let given = given.iter().map(String::as_str).collect::<Vec<_>>();
            roles.add_client(client, &given);
        }
        roles
    }

    /// Whether the user may do what this role of `realm-management` allows.
    pub(crate) fn manages(&self, role: &str) -> bool {
        self.clients.get(REALM_MANAGEMENT).is_some_and(|held| held.contains(role) || held.contains("realm-admin"))
    }

    fn add_client(&mut self, client: &str, given: &[&str]) {
        let held = self.clients.entry(client.to_owned()).or_default();
        held.extend(given.iter().map(|role| (*role).to_owned()));
        for role in given.iter().filter(|_| client == REALM_MANAGEMENT) {
            held.extend(implied(role).iter().map(|role| (*role).to_owned()));
        }
    }
}

fn implied(role: &str) -> &'static [&'static str] {
    match role {
        "view-users" => &["query-users", "query-groups"],
        "view-clients" => &["query-clients"],
        _ => &[],
    }
}

const REALM_MANAGEMENT: &str = "realm-management";
const DEFAULT_REALM_ROLES: &[&str] = &["offline_access", "uma_authorization"];
const DEFAULT_ACCOUNT_ROLES: &[&str] = &["manage-account", "manage-account-links", "view-profile"];
