//! Revocation of one token (RFC 7009). No logout token is sent for it: that is Keycloak's gap, and so it is here.

use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::client_auth;
use crate::fields::Fields;
use crate::inner::Inner;
use crate::proof::{Expected, Proof, number, text};
use crate::state::State;

/// Answers a request to let a token die.
pub(crate) fn answer(inner: &Inner, call: &Call) -> Answer {
    let form = call.form();
    decide(inner, call, &form).unwrap_or_else(|refusal| refusal)
}

fn decide(inner: &Inner, call: &Call, form: &Fields) -> Result<Answer, Answer> {
    let mut state = inner.state();
    let client = client_auth::authenticate(call, form, &state).map_err(client_auth::Stranger::answer)?;
    let client_id = client.client_id.clone();
    let token = form.get("token").ok_or_else(|| Answer::oauth(400, "invalid_request", "Token not provided"))?;
    if let Ok(proof) = Proof::of(token, Expected::Refresh, inner, &state) {
        own(&proof, &client_id)?;
        end_client_session(&proof, &mut state);
        let details = json!({ "revoked_client": client_id, "refresh_token_id": proof.claims.get("jti") });
        let about = json!({ "clientId": client_id, "userId": proof.user_id, "sessionId": proof.claims.get("sid"),
                            "details": details });
        state.events.note_user(inner.clock.now_ms(), "REVOKE_GRANT", about);
        Ok(Answer::empty(200))
    } else if let Ok(proof) = Proof::of(token, Expected::Signed, inner, &state) {
        own(&proof, &client_id)?;
        state.revoke(text(&proof.claims, "jti").unwrap_or_default(), number(&proof.claims, "exp"));
        // It names no session.
        let about = json!({ "clientId": client_id, "userId": proof.user_id,
                            "details": { "token_id": proof.claims.get("jti") } });
        state.events.note_user(inner.clock.now_ms(), "REVOKE_GRANT", about);
        Ok(Answer::empty(200))
    } else {
        // A token that is dead already is no error (RFC 7009 §2.2), though Keycloak says so in the body.
        Ok(Answer::oauth(400, "invalid_token", "Invalid token").with_status(200))
    }
}

fn own(proof: &Proof, client_id: &str) -> Result<(), Answer> {
    let own = proof.client_id == client_id;
    own.then_some(()).ok_or_else(|| Answer::oauth(400, "invalid_token", "Unmatching clients"))
}

/// The session lives on as long as another client is in it.
fn end_client_session(proof: &Proof, state: &mut State) {
    let Some(session) = text(&proof.claims, "sid").and_then(|sid| state.sessions.find_mut(sid)) else { return };
    session.clients.remove(&proof.client_id);
    if session.clients.is_empty() {
        let sid = session.id.clone();
        state.sessions.remove(&sid);
    }
}
