//! Log-out: by a client with a refresh token, and by a browser (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use serde_json::{Value, json};
use url::Url;

use crate::answer::Answer;
use crate::backchannel;
use crate::call::Call;
use crate::client_auth;
use crate::endpoints::token::invalid_grant;
use crate::fields::Fields;
use crate::inner::Inner;
use crate::jws::Unverified;
use crate::page;
use crate::proof::{number, text};

/// Answers a `POST`: a client's log-out when it brings a refresh token, else a browser's.
pub(crate) async fn post(inner: &Arc<Inner>, call: &Call) -> Answer {
    let form = call.form();
    let Some(token) = form.get("refresh_token") else { return by_browser(inner, &form).await };
    match session_of(inner, call, &form, token) {
        Ok(sid) => {
            // That the session is gone already is no error.
            end(inner, &sid, form.get("client_id")).await;
            Answer::empty(204)
        }
        Err(refusal) => refusal,
    }
}

/// Answers a `GET`.
pub(crate) async fn browse(inner: &Arc<Inner>, call: &Call) -> Answer {
    by_browser(inner, &call.query()).await
}

/// Answers the button of the page that asks whether to log out.
pub(crate) async fn confirm(inner: &Arc<Inner>, call: &Call) -> Answer {
    let form = call.form();
    let asked = form.get("session_code").and_then(|code| page::open(inner, LOGOUT, code));
    let Some(asked) = asked else { return page::error("Logout failed") };
    if let Some(sid) = page::signed_in(inner, call) {
        end(inner, &sid, None).await;
    }
    farewell(text(&asked, "redirect"))
}

/// Ends a session, and keeps in mind that it was its user who did.
async fn end(inner: &Inner, sid: &str, client_id: Option<&str>) {
    let user_id = inner.state().sessions.find(sid).map(|session| session.user_id.clone());
    if backchannel::end_session(inner, sid).await {
        let about = json!({ "clientId": client_id, "userId": user_id, "sessionId": sid });
        inner.state().events.note_user(inner.clock.now_ms(), "LOGOUT", about);
    }
}

/// The session of a genuine refresh token of this client; a used or expired token may still end it.
fn session_of(inner: &Inner, call: &Call, form: &Fields, token: &str) -> Result<String, Answer> {
    let state = inner.state();
    let client = client_auth::authenticate(call, form, &state).map_err(client_auth::Stranger::answer)?;
    let parsed = Unverified::parse(token).filter(|parsed| inner.keys.signed_refresh(parsed));
    let claims = parsed.ok_or_else(|| invalid_grant("Invalid refresh token"))?.claims;
    if text(&claims, "azp") != Some(client.client_id.as_str()) {
        return Err(invalid_grant("Invalid refresh token. Token client and authorized client don't match"));
    }
    text(&claims, "sid").map(str::to_owned).ok_or_else(|| invalid_grant("Invalid refresh token"))
}

async fn by_browser(inner: &Arc<Inner>, fields: &Fields) -> Answer {
    let hint = match fields.get("id_token_hint").map(|hint| id_token(inner, hint)) {
        Some(None) => return page::error("Invalid parameter: id_token_hint"),
        Some(Some(claims)) => Some(claims),
        None => None,
    };
    let client_id = hint.as_ref().and_then(|claims| text(claims, "azp")).or_else(|| fields.get("client_id"));
    if client_id.is_none() && fields.get(REDIRECT).is_some() {
        return page::error("Missing parameters: id_token_hint");
    }
    let Ok(redirect) = way_out(inner, client_id, fields) else { return page::error("Invalid redirect uri") };
    match hint.as_ref().and_then(|claims| text(claims, "sid")) {
        Some(sid) => {
            end(inner, sid, client_id).await;
            farewell(redirect.as_deref())
        }
        None => ask(inner, redirect),
    }
}

/// Without a hint a page asks first: a link on a foreign page must log nobody out.
fn ask(inner: &Inner, redirect: Option<String>) -> Answer {
    let code = page::seal(inner, LOGOUT, json!({ "redirect": redirect }));
    page::confirm_logout(&inner.issuer, &code)
}

/// The claims of an ID token of this realm, expired or not, but signed by a key that is still in use.
fn id_token(inner: &Inner, token: &str) -> Option<Value> {
    let parsed = Unverified::parse(token).filter(|parsed| inner.keys.signed(parsed))?;
    let own = text(&parsed.claims, "iss") == Some(inner.issuer.as_str());
    Some(parsed.claims).filter(|claims| own && text(claims, "typ") == Some("ID") && number(claims, "iat") > 0)
}

/// Where the browser goes afterwards, if it asked for a place that its client registered.
fn way_out(inner: &Inner, client_id: Option<&str>, fields: &Fields) -> Result<Option<String>, ()> {
    let Some(asked) = fields.get(REDIRECT) else { return Ok(None) };
    let state = inner.state();
    let client = client_id.and_then(|client_id| state.client(client_id)).ok_or(())?;
    let mut uris = client.post_logout_redirect_uris();
    uris.find(|uri| *uri == asked).ok_or(())?;
    let mut url = Url::parse(asked).map_err(drop)?;
    if let Some(state) = fields.get("state") {
        url.query_pairs_mut().append_pair("state", state);
    }
    Ok(Some(url.into()))
}

fn farewell(redirect: Option<&str>) -> Answer {
    redirect.map_or_else(|| page::message(200, "You are logged out"), Answer::redirect)
}

const LOGOUT: &str = "logout";
const REDIRECT: &str = "post_logout_redirect_uri";
