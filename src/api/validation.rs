//! What is said of a token (RFC 7662 §2.2).

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::standing::Live;

/// An active token. Of one that is not active nothing is said but that: `{"active": false}`.
#[derive(Serialize, ToSchema)]
pub(super) struct Validation {
    /// Whether it would pass.
    active: bool,
    /// The exact issuer.
    iss: String,
    /// Keycloak's identifier.
    sub: String,
    /// The audiences.
    aud: Vec<String>,
    /// The client that it was issued to.
    client_id: Option<String>,
    /// The user's name in the users database.
    username: String,
    /// `Bearer`, or `refresh_token`.
    token_type: &'static str,
    /// The scopes, one space apart.
    scope: String,
    /// When it was issued, in seconds since 1970.
    iat: u64,
    /// When it ends, likewise.
    exp: u64,
    /// Its own identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// Keycloak's session; a service has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// How the person authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    /// The users database's identifier.
    user_id: String,
    /// Role names, sorted.
    roles: Vec<String>,
    /// Permission names, sorted.
    permissions: Vec<String>,
}

/// RFC 7662 §2.2: nothing beside.
pub(super) fn inactive() -> Value {
    json!({ "active": false })
}

impl Validation {
    /// What is said of a token that would pass.
    pub(super) fn of(live: &Live, token_type: &'static str) -> Self {
        let principal = live.principal();
        let (identity, row) = (principal.identity(), principal.account().row());
        let text = |text: &Arc<str>| text.to_string();
        let names = |names: &[Arc<str>]| names.iter().map(text).collect();
        Self {
            active: true,
            iss: text(identity.subject().issuer()),
            sub: text(identity.subject().sub()),
            aud: identity.audiences().to_vec(),
            client_id: identity.client().map(text),
            username: row.username.clone(),
            token_type,
            scope: identity.scopes().join(" "),
            iat: identity.issued_at().0,
            exp: identity.ends_at().0,
            jti: identity.jti().map(text),
            sid: identity.sid().map(text),
            acr: identity.acr().map(str::to_owned),
            user_id: row.id.to_string(),
            roles: names(principal.entitlement().roles()),
            permissions: names(principal.entitlement().permissions()),
        }
    }
}
