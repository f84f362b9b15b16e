//! All that changes while a realm runs, its keys apart.

use std::collections::HashMap;

use crate::brute_force::Guard;
use crate::client::Client;
use crate::codes::Codes;
use crate::events::Events;
use crate::session::Sessions;
use crate::settings::Settings;
use crate::users::Users;

/// All that changes while a realm runs.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) clients: Vec<Client>,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) codes: Codes,
    pub(crate) guard: Guard,
    pub(crate) events: Events,
    /// Tokens of the realm that are older are dead.
    pub(crate) not_before: i64,
    /// Revoked access tokens: `jti` and the end of their life.
    revoked: HashMap<String, i64>,
}

impl State {
    /// The state of a realm that has just been imported.
    pub(crate) fn new(settings: Settings, clients: Vec<Client>, users: Users) -> Self {
        let (sessions, codes) = (Sessions::default(), Codes::default());
        Self {
            settings,
            clients,
            users,
            sessions,
            codes,
            guard: Guard::default(),
            events: Events::default(),
            not_before: 0,
            revoked: HashMap::new(),
        }
    }

    /// The client of this name, enabled or not.
    pub(crate) fn client(&self, client_id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id == client_id)
    }

    /// Replaces the clients' settings and keeps their ids.
    pub(crate) fn replace_clients(&mut self, mut clients: Vec<Client>) {
        for client in &mut clients {
            if let Some(known) = self.client(&client.client_id) {
                client.id.clone_from(&known.id);
            }
        }
        self.clients = clients;
    }

    /// Lets one access token die before its time.
    pub(crate) fn revoke(&mut self, jti: &str, expires_at: i64) {
        self.revoked.insert(jti.to_owned(), expires_at);
    }

    /// Whether an access token was revoked.
    pub(crate) fn is_revoked(&self, jti: &str) -> bool {
        self.revoked.contains_key(jti)
    }

    /// Forgets what is over.
    pub(crate) fn expire(&mut self, now: i64) {
        self.sessions.expire(&self.settings, now);
        self.codes.expire(now);
        self.revoked.retain(|_, expires_at| now < *expires_at);
    }
}
