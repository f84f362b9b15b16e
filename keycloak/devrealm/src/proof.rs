//! A token that somebody sends into what is still true about it, for introspection, UserInfo and the Admin API.

use serde_json::Value;

use crate::inner::Inner;
use crate::jws::Unverified;
use crate::state::State;

/// A token that is genuine and alive.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) claims: Value,
    pub(crate) user_id: String,
    pub(crate) client_id: String,
}

/// Why a token is not, in Keycloak's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Doubt {
    /// Also revoked, or older than a not-before: Keycloak does not say more.
    #[error("Token verification failed")]
    Forged,
    #[error("Token is not active")]
    Expired,
    #[error("client_not_found")]
    Client,
    #[error("user_session_not_found")]
    Session,
    #[error("user_not_found")]
    User,
    #[error("User disabled")]
    Disabled,
}

/// Which kind of token a caller expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Signed by a published key: access and ID tokens.
    Signed,
    /// Signed by the realm's secret.
    Refresh,
}

impl Proof {
    /// Proves a token against the keys and the state of now.
    pub(crate) fn of(token: &str, expected: Expected, inner: &Inner, state: &State) -> Result<Self, Doubt> {
        let parsed = Unverified::parse(token).ok_or(Doubt::Forged)?;
        let genuine = match expected {
            Expected::Signed => inner.keys.signed(&parsed),
            // The same secret seals the values of the pages.
            Expected::Refresh => inner.keys.signed_refresh(&parsed) && text(&parsed.claims, "typ") == Some("Refresh"),
        };
        let claims = parsed.claims;
        if !genuine || text(&claims, "iss") != Some(inner.issuer.as_str()) {
            return Err(Doubt::Forged);
        }
        if inner.clock.now() >= number(&claims, "exp") {
            return Err(Doubt::Expired);
        }
        still_true(claims, state)
    }
}

fn still_true(claims: Value, state: &State) -> Result<Proof, Doubt> {
    let client_id = text(&claims, "azp").ok_or(Doubt::Client)?.to_owned();
    state.client(&client_id).filter(|client| client.enabled).ok_or(Doubt::Client)?;
    if text(&claims, "jti").is_some_and(|jti| state.is_revoked(jti)) {
        return Err(Doubt::Forged);
    }
    if let Some(sid) = text(&claims, "sid") {
        let session = state.sessions.find(sid).ok_or(Doubt::Session)?;
        let part = session.clients.get(&client_id).ok_or(Doubt::Session)?;
        let settings = &state.settings;
        let rotates = settings.revoke_refresh_token && text(&claims, "typ") == Some("Refresh");
        if rotates && part.is_used_up(text(&claims, "jti").unwrap_or_default(), settings.refresh_token_max_reuse) {
            return Err(Doubt::Forged);
        }
    }
    let user = text(&claims, "sub").and_then(|id| state.users.find(id)).ok_or(Doubt::User)?;
    if !user.enabled {
        return Err(Doubt::Disabled);
    }
    if number(&claims, "iat") < user.not_before.max(state.not_before) {
        return Err(Doubt::Forged);
    }
    let user_id = user.id.clone();
    Ok(Proof { claims, user_id, client_id })
}

/// A claim that is text.
pub(crate) fn text<'a>(claims: &'a Value, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// A claim that is a number, or 0.
pub(crate) fn number(claims: &Value, name: &str) -> i64 {
    claims.get(name).and_then(Value::as_i64).unwrap_or_default()
}
