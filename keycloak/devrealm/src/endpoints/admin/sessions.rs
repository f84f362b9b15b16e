//! The sessions of a user: listed and ended. Their clients hear of it by logout token.

use serde_json::{Value, json};

use super::{Answered, unknown_user};
use crate::answer::Answer;
use crate::backchannel::{self, Action};
use crate::inner::Inner;
use crate::representation;

/// Answers with the sessions of a user.
pub(super) fn list(inner: &Inner, user_id: &str) -> Answered {
    let state = inner.state();
    state.users.find(user_id).ok_or_else(unknown_user)?;
    let sessions = state.sessions.of_user(user_id).into_iter();
    Ok(Answer::json(200, &Value::Array(sessions.map(|session| representation::session(session, &state)).collect())))
}

/// Ends all sessions of a user; tokens that are older than this second stay dead.
pub(super) async fn logout(inner: &Inner, user_id: &str) -> Answered {
    let now = inner.clock.now();
    let sids = {
        let mut state = inner.state();
        state.users.find_mut(user_id).ok_or_else(unknown_user)?.not_before = now;
        state.sessions.of_user(user_id).into_iter().map(|session| session.id.clone()).collect::<Vec<_>>()
    };
    for sid in sids {
        backchannel::end_session(inner, &sid).await;
    }
    Ok(Answer::empty(204))
}

/// Ends every session of the realm. No logout token is sent; an order is.
pub(super) async fn logout_all(inner: &Inner) -> Answered {
    let now = inner.clock.now();
    let told = backchannel::order(inner, Action::Logout, now).await;
    let mut state = inner.state();
    state.not_before = state.not_before.max(now);
    state.sessions.remove_all();
    Ok(Answer::json(200, &json!({ "successRequests": told })))
}

/// Ends one session.
pub(super) async fn delete(inner: &Inner, sid: &str) -> Answered {
    // The three letters s are Keycloak's.
    let ended = backchannel::end_session(inner, sid).await;
    ended.then(|| Answer::empty(204)).ok_or_else(|| Answer::error(404, "Sesssion not found"))
}
