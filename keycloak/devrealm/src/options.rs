//! What a development realm is started with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What a development realm is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; loopback only, port 0 picks a free one.
    pub listen: SocketAddr,
    /// The text of the realm file, placeholders unfilled.
    pub realm_json: String,
    /// The text of a partial import with people, if any are wanted.
    pub users_json: Option<String>,
    /// Fills `${DOORWARD_CLIENT_SECRET:…}` in place of the environment.
    pub client_secret: Option<String>,
    /// Goes before the realm's and the clients' own lifespans.
    pub access_token_lifespan: Option<Duration>,
    /// Whether `X-Forwarded-For` is believed, as with Keycloak's `--proxy-headers=xforwarded`.
    pub proxy_headers: bool,
}

impl Default for Options {
    /// The realm and the people of the repository, on a free port of 127.0.0.1.
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            realm_json: crate::REALM_JSON.to_owned(),
            users_json: Some(crate::USERS_JSON.to_owned()),
            client_secret: None,
            access_token_lifespan: None,
            proxy_headers: false,
        }
    }
}
