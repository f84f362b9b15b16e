//! What Keycloak says of a token that only it can judge (RFC 7662).

use std::fmt;

use serde::Deserialize;

use super::KeycloakError;
use super::http::json;

/// The description of a token that is active, as Keycloak wrote it. Made from an answer of Keycloak only, so whoever
/// has one need not ask for a signature.
pub struct Introspection(Vec<u8>);

impl Introspection {
    /// Reads an answer; nothing where the token is not active.
    pub(super) fn read(answer: Vec<u8>) -> Result<Option<Self>, KeycloakError> {
        #[derive(Deserialize)]
        struct Activity {
            active: bool,
        }
        let activity: Activity = json(&answer)?;
        Ok(activity.active.then_some(Self(answer)))
    }

    /// The claims, as JSON.
    #[must_use]
    pub fn claims(&self) -> &[u8] {
        &self.0
    }
}

/// It names a person.
impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Introspection(…)")
    }
}
