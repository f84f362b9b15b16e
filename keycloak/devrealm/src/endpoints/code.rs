//! The authorization code grant with PKCE (RFC 6749 §4.1.3, RFC 7636).

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::answer::Answer;
use crate::codes::{Code, Redeemed};
use crate::endpoints::token::{Answered, TokenRequest, invalid_grant};
use crate::state::State;
use crate::tokens::{Subject, Thread, Via};

/// Answers the exchange of a code; whatever goes wrong burns it.
pub(crate) fn answer(request: &TokenRequest<'_>, state: &mut State) -> Answered {
    let text = request.form.get("code");
    let text = text.ok_or_else(|| Answer::oauth(400, "invalid_request", "Missing parameter: code"))?;
    let code = match state.codes.redeem(text) {
        Redeemed::First(code) => code,
        Redeemed::Again(code) => {
            detach(&code, state);
            let about = json!({ "clientId": code.client_id, "sessionId": code.sid, "error": "invalid_code" });
            state.events.note_user(request.inner.clock.now_ms(), "CODE_TO_TOKEN_ERROR", about);
            return Err(invalid_grant("Code not valid"));
        }
        Redeemed::Unknown => return Err(invalid_grant("Code not valid")),
    };
    check(request, &code).map_err(invalid_grant)?;
    let session = state.sessions.find(&code.sid).ok_or_else(|| invalid_grant("Session not active"))?;
    let user = state.users.find(&session.user_id).ok_or_else(|| invalid_grant("User not found"))?;
    if !user.enabled {
        return Err(invalid_grant("User disabled"));
    }
    let subject = Subject { user, client: request.client, session: Some(session), scope: &code.scope };
    let thread = Thread { nonce: code.nonce.clone(), ..Thread::default() };
    Ok(Answer::tokens(&request.mint(state).answer(subject, Via::Code, thread)))
}

fn check(request: &TokenRequest<'_>, code: &Code) -> Result<(), &'static str> {
    if code.client_id != request.client.client_id {
        return Err("Auth error");
    }
    if request.form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err("Incorrect redirect_uri");
    }
    match (&code.challenge, request.form.get("code_verifier")) {
        (Some(_), None) => Err("PKCE code verifier not specified"),
        (Some(_), Some(verifier)) if !is_verifier(verifier) => Err("PKCE verification failed: Invalid code verifier"),
        (Some(challenge), Some(verifier)) if s256(verifier) != *challenge => {
            Err("PKCE verification failed: Code mismatch")
        }
        _ => Ok(()),
    }
}

/// The tokens of the first use die with the client's part in the session; no logout token is sent.
fn detach(code: &Code, state: &mut State) {
    if let Some(session) = state.sessions.find_mut(&code.sid) {
        session.clients.remove(&code.client_id);
    }
}

/// RFC 7636 §4.1.
fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}
