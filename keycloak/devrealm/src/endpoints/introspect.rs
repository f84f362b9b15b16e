//! Introspection (RFC 7662) as Keycloak does it: rights and profile are those of now, not the token's.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::client::Client;
use crate::client_auth::{self, Stranger};
use crate::fields::Fields;
use crate::inner::Inner;
use crate::proof::{Expected, Proof, text};
use crate::scope::Scope;
use crate::state::State;
use crate::tokens::{Mint, Subject, audience_claim, profile};

/// Answers whether a token is active.
pub(crate) fn answer(inner: &Inner, call: &Call) -> Answer {
    let form = call.form();
    decide(inner, call, &form).unwrap_or_else(|refusal| refusal)
}

fn decide(inner: &Inner, call: &Call, form: &Fields) -> Result<Answer, Answer> {
    let state = inner.state();
    let client = client_auth::authenticate(call, form, &state).map_err(refuse_stranger)?;
    if client.public_client {
        return Err(Answer::oauth(403, "invalid_request", "Client not allowed."));
    }
    if form.repeat() {
        return Err(Answer::oauth(400, "invalid_request", "duplicated parameter"));
    }
    let token = form.get("token").ok_or_else(|| Answer::oauth(400, "invalid_request", "Token not provided."))?;
    let expected = match form.get("token_type_hint") {
        None | Some("access_token" | "requesting_party_token") => Expected::Signed,
        Some("refresh_token") => Expected::Refresh,
        Some(_) => return Err(Answer::oauth(400, "invalid_request", "Unsupported token type.")),
    };
    let inactive = json!({ "active": false });
    let described = Proof::of(token, expected, inner, &state).ok().and_then(|proof| {
        let heard = expected == Expected::Refresh || names_audience(&proof.claims, &client.client_id);
        heard.then(|| describe(proof, inner, &state, client)).flatten()
    });
    Ok(Answer::json(200, &described.unwrap_or(inactive)))
}

fn refuse_stranger(stranger: Stranger) -> Answer {
    match stranger {
        Stranger::Unknown => stranger.answer(),
        Stranger::WrongSecret => Answer::oauth(401, "invalid_client", "Client authentication failed."),
    }
}

/// Only who is meant by a token may ask about it.
fn names_audience(claims: &Value, client_id: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == client_id,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(client_id)),
        _ => false,
    }
}

fn describe(proof: Proof, inner: &Inner, state: &State, caller: &Client) -> Option<Value> {
    let user = state.users.find(&proof.user_id)?;
    let client = state.client(&proof.client_id)?;
    if text(&proof.claims, "typ") == Some("Refresh") && client.client_id != caller.client_id {
        return None;
    }
    let scope = Scope::read(&format!("{} profile email", text(&proof.claims, "scope").unwrap_or_default()));
    let subject = Subject { user, client, session: None, scope: &scope };
    let mint = Mint { inner, settings: &state.settings, now: inner.clock.now() };
    let mut claims = proof.claims;
    let fields = claims.as_object_mut()?;
    fields.retain(|name, _| !UNSAID.contains(&name.as_str()));
    let own_audience = fields.remove("aud");
    fields.extend(mint.rights(subject));
    let audience = own_audience.into_iter().chain(fields.remove("aud"));
    fields.extend(audience_claim("aud", &merged(audience)));
    fields.extend(profile(subject));
    fields.insert("acr".to_owned(), "1".into());
    fields.insert("active".to_owned(), true.into());
    fields.insert("client_id".to_owned(), client.client_id.as_str().into());
    fields.insert("username".to_owned(), user.username.as_str().into());
    let kind = fields.get("typ").cloned();
    fields.extend(kind.map(|kind| ("token_type".to_owned(), kind)));
    Some(claims)
}

/// All audiences, each once, in the order they come.
fn merged(claims: impl Iterator<Item = Value>) -> Vec<String> {
    let mut all = Vec::new();
    for claim in claims {
        let names = match claim {
            Value::Array(several) => several,
            one => vec![one],
        };
        let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
        let new = names.filter(|name| !all.contains(name)).collect::<Vec<_>>();
        all.extend(new);
    }
    all
}

/// Claims of a token that introspection leaves out.
const UNSAID: &[&str] = &["aud_x", "prov", "reuse_id", "at_hash", "clientHost", "clientAddress"];
