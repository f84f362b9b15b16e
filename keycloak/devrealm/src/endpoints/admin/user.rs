//! One user of the realm: shown, changed, deleted, given a new password.

use serde_json::{Value, json};

use super::users::conflict;
use super::{Answered, demand_json, unknown_user};
use crate::answer::Answer;
use crate::call::Call;
use crate::inner::Inner;
use crate::representation::{self, Draft};

/// Answers with one user.
pub(super) fn show(inner: &Inner, id: &str) -> Answered {
    let state = inner.state();
    let user = state.users.find(id).ok_or_else(unknown_user)?;
    let mut shown = representation::user(user, false);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("access".to_owned(), access());
    }
    Ok(Answer::json(200, &shown))
}

/// What the caller may do to the user; a list says less.
fn access() -> Value {
    json!({
        "impersonate": false,
        "manage": true,
        "manageGroupMembership": true,
        "mapRoles": true,
        "resetPassword": true,
        "view": true,
    })
}

/// Changes a user; `Draft::apply` says what happens to what the body leaves out.
pub(super) fn update(inner: &Inner, call: &Call, id: &str) -> Answered {
    demand_json(call)?;
    let draft = Draft::read(&call.body)?;
    let mut state = inner.state();
    let mut user = state.users.find(id).ok_or_else(unknown_user)?.clone();
    if let Some(username) = draft.username().filter(|name| !name.eq_ignore_ascii_case(&user.username)) {
        if !state.settings.edit_username_allowed {
            let fault = json!({ "field": "username", "errorMessage": "error-user-attribute-read-only", "params": ["username"] });
            return Err(Answer::json(400, &fault));
        }
        user.username = username.to_lowercase();
    }
    draft.apply(&mut user, &state.settings.profile);
    if let Some(refusal) = representation::faults(&user, &state.settings.profile) {
        return Err(refusal);
    }
    if let Some(taken) = state.users.taken(&user) {
        return Err(conflict(taken));
    }
    if let Some((password, temporary)) = draft.password() {
        user.set_password(password, temporary);
    }
    state.users.add(user);
    Ok(Answer::empty(204))
}

/// Deletes a user. The sessions go too, but no logout token is sent: that is Keycloak's gap, and so it is here.
pub(super) fn delete(inner: &Inner, id: &str) -> Answered {
    let mut state = inner.state();
    if !state.users.remove(id) {
        return Err(unknown_user());
    }
    state.sessions.remove_user(id);
    Ok(Answer::empty(204))
}

/// Gives a user a new password; the sessions stay.
pub(super) fn reset_password(inner: &Inner, call: &Call, id: &str) -> Answered {
    demand_json(call)?;
    let body = serde_json::from_slice::<Value>(&call.body)
        .map_err(|_| Answer::oauth(400, "invalid_request", "Cannot parse the JSON"))?;
    let mut state = inner.state();
    let policy = state.settings.password_policy.clone();
    let user = state.users.find_mut(id).ok_or_else(unknown_user)?;
    let password = body.get("value").and_then(Value::as_str).filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| Answer::error(400, "Empty password not allowed"))?;
    if let Some(fault) = policy.fault(password, &user.username, user.email.as_deref()) {
        let (error, description) = fault.message();
        return Err(Answer::json(400, &json!({ "error": error, "error_description": description })));
    }
    let temporary = body.get("temporary").and_then(Value::as_bool).unwrap_or_default();
    user.set_password(password.to_owned(), temporary);
    Ok(Answer::empty(204))
}
