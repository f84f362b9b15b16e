//! The refresh grant, with rotation as the realm file says.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::endpoints::token::{Answered, TokenRequest, invalid_grant};
use crate::jws::Unverified;
use crate::proof::{number, text};
use crate::scope::Scope;
use crate::session::Reuse;
use crate::state::State;
use crate::tokens::{Subject, Thread, Via};

/// Answers a request for fresh tokens.
pub(crate) fn answer(request: &TokenRequest<'_>, state: &mut State) -> Answered {
    let token = request.form.get("refresh_token");
    let token = token.ok_or_else(|| Answer::oauth(400, "invalid_request", "No refresh token"))?;
    renew(request, token, state).map_err(|failure| invalid_grant(failure.description()))
}

/// Why a refresh token brings no tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RefreshFailure {
    Forged,
    OtherClient,
    Expired,
    NoSession,
    Disabled,
    Detached,
    Stale,
    Reused,
}

impl RefreshFailure {
    fn description(self) -> &'static str {
        match self {
            Self::Forged => "Invalid refresh token",
            Self::OtherClient => "Invalid refresh token. Token client and authorized client don't match",
            Self::Expired => "Token is not active",
            Self::NoSession => "Session not active",
            Self::Disabled => "User disabled",
            Self::Detached => "Session doesn't have required client",
            Self::Stale => "Stale token",
            Self::Reused => "Maximum allowed refresh token reuse exceeded",
        }
    }
}

fn renew(request: &TokenRequest<'_>, token: &str, state: &mut State) -> Result<Answer, RefreshFailure> {
    let claims = genuine(request, token)?;
    let sid = text(&claims, "sid").ok_or(RefreshFailure::Forged)?.to_owned();
    let session = state.sessions.find(&sid).ok_or(RefreshFailure::NoSession)?;
    let user = state.users.find(&session.user_id).ok_or(RefreshFailure::NoSession)?;
    if !user.enabled {
        return Err(RefreshFailure::Disabled);
    }
    if number(&claims, "iat") < user.not_before.max(state.not_before) {
        return Err(RefreshFailure::Stale);
    }
    rotate(request, &claims, &sid, state)?;
    let session = state.sessions.find(&sid).ok_or(RefreshFailure::NoSession)?;
    let user = state.users.find(&session.user_id).ok_or(RefreshFailure::NoSession)?;
    let full = Scope::read(text(&claims, "scope").unwrap_or_default());
    let scope = full.narrowed(request.form.get("scope"), request.client);
    let subject = Subject { user, client: request.client, session: Some(session), scope: &scope };
    let reuse_id = text(&claims, "reuse_id").map(str::to_owned);
    let thread = Thread { reuse_id, scope: Some(full), nonce: None };
    Ok(Answer::tokens(&request.mint(state).answer(subject, Via::Refresh, thread)))
}

fn genuine(request: &TokenRequest<'_>, token: &str) -> Result<Value, RefreshFailure> {
    let parsed = Unverified::parse(token).ok_or(RefreshFailure::Forged)?;
    let genuine = request.inner.keys.signed_refresh(&parsed) && text(&parsed.claims, "typ") == Some("Refresh");
    if !genuine {
        return Err(RefreshFailure::Forged);
    }
    let claims = parsed.claims;
    if text(&claims, "azp") != Some(request.client.client_id.as_str()) {
        return Err(RefreshFailure::OtherClient);
    }
    if request.now >= number(&claims, "exp") {
        return Err(RefreshFailure::Expired);
    }
    Ok(claims)
}

/// Takes note of the use. A token used too often detaches the client from the session: its newest tokens die too.
fn rotate(request: &TokenRequest<'_>, claims: &Value, sid: &str, state: &mut State) -> Result<(), RefreshFailure> {
    let (rotation, max_reuse) = (state.settings.revoke_refresh_token, state.settings.refresh_token_max_reuse);
    let session = state.sessions.find_mut(sid).ok_or(RefreshFailure::NoSession)?;
    let part = session.clients.get_mut(&request.client.client_id).ok_or(RefreshFailure::Detached)?;
    if rotation {
        let jti = text(claims, "jti").unwrap_or_default();
        match part.take(jti, number(claims, "iat"), max_reuse) {
            Reuse::Allowed => {}
            Reuse::Stale => return Err(RefreshFailure::Stale),
            Reuse::Exceeded => {
                session.clients.remove(&request.client.client_id);
                let about = json!({ "clientId": request.client.client_id, "userId": session.user_id, "sessionId": sid,
                                    "error": "invalid_token",
                                    "details": { "reason": RefreshFailure::Reused.description() } });
                state.events.note_user(request.inner.clock.now_ms(), "REFRESH_TOKEN_ERROR", about);
                return Err(RefreshFailure::Reused);
            }
        }
    }
    session.last_seen = request.now;
    Ok(())
}
