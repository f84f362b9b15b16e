//! Strict routes: an issuer answers about a token only to a client of ours that is in the token's audience.

use super::reachable::Written;
use crate::config::{Fault, Issuer};
use crate::policy::Rule;
use crate::routing::Route;

/// Warns of every issuer whose tokens no strict route would take; once, at the first such route.
pub(super) fn check<'s, 'i>(routes: &[Written<'s>], issuers: impl Iterator<Item = &'i Issuer>) {
    let is_strict = |route: &Route| matches!(&route.rule, Rule::Protected(requirements) if requirements.strict);
    let first = routes.iter().find(|(_, route)| is_strict(route));
    let Some(entry) = first.and_then(|(section, _)| section.entry("strict")) else { return };
    for issuer in issuers {
        match &issuer.client {
            None => {
                let problem = format!("{} answers nobody but its own clients: its tokens get 503 here", issuer.issuer);
                entry.warn(Fault::new(problem, "write client_id and client_secret in its section"));
            }
            Some(client) if client.id != issuer.audience => {
                let problem =
                    format!("{} calls a token active only where {:?} is in its `aud`", issuer.issuer, client.id);
                entry.warn(Fault::new(problem, format!("let its tokens hold that beside {:?}", issuer.audience)));
            }
            Some(_) => {}
        }
    }
}
