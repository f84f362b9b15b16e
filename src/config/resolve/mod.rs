//! From sections to `Settings`: every default, every limit, and what must hold between sections.

mod auth;
mod keycloak;
mod reachable;
mod revocation;
mod route;
mod rule;
mod server;
mod strict;
mod target;
mod tls;
mod upstream;
mod users;

use super::raw::Section;
use super::{Fault, Settings};

/// Reads the whole file. Every section is read before anything is given up, so that every complaint is made.
pub(super) fn settings(root: &Section<'_>) -> Option<Settings> {
    root.read(|root| {
        let server = root.needed_one("server", r#"write it, with listen = "0.0.0.0:8000""#);
        let keycloak = root.needed_one("keycloak", "write it, with issuer, client_id, client_secret and audience");
        let (auth, users, revocation) = (root.one("auth"), root.one("users"), root.one("revocation"));
        let (upstreams, routes) = (root.many("upstream"), root.many("route"));
        let server = server.read(server::read);
        let keycloak = keycloak.read(keycloak::read);
        let auth = auth.read(auth::read);
        let users = users.read(users::read);
        let revocation = revocation.read(revocation::read);
        let upstreams_read = upstream::read(&upstreams, server.as_ref());
        if routes.is_empty() {
            root.complain(Fault::new("no [[route]], so every request would be refused", "write at least one"));
        }
        let issuers = keycloak.iter().flat_map(|(own, also)| std::iter::once(own).chain(also));
        let known = upstreams_read.as_deref().unwrap_or_default();
        let routes = route::read(&routes, (&upstreams, known), auth.as_ref(), issuers);
        let (keycloak, also) = keycloak?;
        Some(Settings {
            server: server?,
            keycloak,
            also,
            auth: auth?,
            users: users?,
            revocation: revocation?,
            upstreams: upstreams_read?,
            routes: routes?,
        })
    })
}
