//! What a running gateway cannot change: a reload leaves it as it is, and says so.

use std::time::Duration;

use super::{Issuer, Server, Settings, Users};

/// The settings that are used when the gateway starts, and never again.
#[derive(Debug)]
pub struct Fixed {
    server: Server,
    users: Users,
    realm: Issuer,
    keep: Duration,
}

impl Fixed {
    /// What these settings fix for as long as the process runs.
    #[must_use]
    pub fn by(settings: &Settings) -> Self {
        let (server, users, realm) = (settings.server.clone(), settings.users.clone(), settings.keycloak.clone());
        Self { server, users, realm, keep: settings.longest_life() + SPARE }
    }

    /// How long revocations are kept.
    #[must_use]
    pub fn keep(&self) -> Duration {
        self.keep
    }

    /// Whether tokens would live longer by the new settings than revocations are kept.
    #[must_use]
    pub fn is_outlived_by(&self, new: &Settings) -> bool {
        new.longest_life() > self.keep
    }

    /// The keys, as in `[server] listen`, that the new settings change in vain.
    #[must_use]
    pub fn changed_by(&self, new: &Settings) -> Vec<&'static str> {
        let changed = self.of_server(&new.server).into_iter().chain(self.of_users(&new.users));
        changed.filter_map(|(key, differs)| differs.then_some(key)).collect()
    }

    /// The keys of `[keycloak]` that say which realm is ours. Where they change, the other settings are meant for
    /// another realm than the one that the gateway works with.
    #[must_use]
    pub fn other_realm(&self, new: &Settings) -> Vec<&'static str> {
        let (old, new) = (&self.realm, &new.keycloak);
        let keys = [
            ("[keycloak] issuer", old.issuer != new.issuer),
            ("[keycloak] internal_url", old.url != new.url),
            ("[keycloak] name", old.name != new.name),
        ];
        keys.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
    }

    // A new setting does not compile until it stands in one of these patterns.

    fn of_server(&self, new: &Server) -> Vec<(&'static str, bool)> {
        let Server {
            listen,
            admin_listen,
            threads,
            header_timeout: _,
            idle_timeout: _,
            max_header_size: _,
            max_headers: _,
            max_connections: _,
            max_connections_per_address: _,
            handshake_timeout: _,
            max_streams: _,
            h2c,
            tls,
            public_url: _,
            trusted_proxies: _,
            reload_on_change: _,
            shutdown_timeout: _,
        } = &self.server;
        vec![
            ("[server] listen", *listen != new.listen),
            ("[server] admin_listen", *admin_listen != new.admin_listen),
            ("[server] threads", *threads != new.threads),
            ("[server] h2c", *h2c != new.h2c),
            ("[server.tls] listen", tls.as_ref().map(|tls| tls.listen) != new.tls.as_ref().map(|tls| tls.listen)),
        ]
    }

    /// The value of a password is no setting: the file is read again when the server refuses the old one.
    fn of_users(&self, new: &Users) -> Vec<(&'static str, bool)> {
        let Users { database, password, connections, read_timeout, provision, stale_when_blind } = &self.users;
        let source = |users: &Users| users.password.as_ref().map(|secret| secret.source().clone());
        vec![
            ("[users] database", *database != new.database),
            ("[users] password", password.as_ref().map(|secret| secret.source()) != source(new).as_ref()),
            ("[users] connections", *connections != new.connections),
            ("[users] read_timeout", *read_timeout != new.read_timeout),
            ("[users] provision", *provision != new.provision),
            ("[users] stale_when_blind", *stale_when_blind != new.stale_when_blind),
        ]
    }
}

/// Beyond the longest life of a token: clocks differ, and a sweep is not on time.
const SPARE: Duration = Duration::from_secs(600);
