//! The clients of the realm, for who may see them. The gateway's own account may not: it finds a service account as
//! the user `service-account-CLIENT`.

use serde_json::{Value, json};

use super::{Answered, Caller, VIEW_CLIENTS};
use crate::answer::Answer;
use crate::call::Call;
use crate::client::Client;
use crate::inner::Inner;
use crate::representation;

/// Answers with the clients, or the one that was asked for.
pub(super) fn list(inner: &Inner, call: &Call, caller: &Caller) -> Answered {
    let query = call.query();
    let state = inner.state();
    let asked = query.get("clientId");
    let found = state.clients.iter().filter(|client| asked.is_none_or(|asked| client.client_id == asked));
    let found = found.map(show).collect::<Vec<_>>();
    if caller.holds(VIEW_CLIENTS) {
        return Ok(Answer::json(200, &Value::Array(found)));
    }
    // Who may only query sees nobody in the list, and is refused the one asked for.
    let refused = asked.is_some() && !found.is_empty();
    if refused { Err(Answer::error(403, "HTTP 403 Forbidden")) } else { Ok(Answer::json(200, &json!([]))) }
}

/// Answers with the service account of a client.
pub(super) fn service_account(inner: &Inner, uuid: &str) -> Answered {
    let state = inner.state();
    let client = state.clients.iter().find(|client| client.id == uuid);
    let client = client.ok_or_else(|| Answer::error(404, "Could not find client"))?;
    let user = state.users.service_account(&client.client_id).ok_or_else(|| {
        Answer::error(400, &format!("Service account not enabled for the client '{}'", client.client_id))
    })?;
    Ok(Answer::json(200, &representation::user(user, false)))
}

fn show(client: &Client) -> Value {
    json!({
        "id": client.id,
        "clientId": client.client_id,
        "name": client.name,
        "enabled": client.enabled,
        "publicClient": client.public_client,
        "standardFlowEnabled": client.standard_flow_enabled,
        "directAccessGrantsEnabled": client.direct_access_grants_enabled,
        "serviceAccountsEnabled": client.service_accounts_enabled,
        "redirectUris": client.redirect_uris,
        "webOrigins": client.web_origins,
        "attributes": client.attributes,
    })
}
