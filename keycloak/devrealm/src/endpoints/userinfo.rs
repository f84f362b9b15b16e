//! Claims about the user behind an access token (OpenID Connect Core §5.3).

use http::header::WWW_AUTHENTICATE;
use serde_json::Value;

use crate::answer::Answer;
use crate::call::Call;
use crate::inner::Inner;
use crate::proof::{Expected, Proof, text};
use crate::scope::Scope;
use crate::tokens::{Subject, profile};

/// Answers with what the token's scope lets its client know.
pub(crate) fn answer(inner: &Inner, call: &Call) -> Answer {
    let form = call.form();
    let Some(token) = call.bearer().or_else(|| form.get("access_token")) else {
        return refusal(inner, 401, "");
    };
    let state = inner.state();
    let proof = match Proof::of(token, Expected::Signed, inner, &state) {
        Ok(proof) if text(&proof.claims, "typ") == Some("Bearer") => proof,
        Ok(_) => return refused_token(inner, "Token verification failed"),
        Err(doubt) => return refused_token(inner, &doubt.to_string()),
    };
    let scope = Scope::read(text(&proof.claims, "scope").unwrap_or_default());
    if !scope.has("openid") {
        let error = ", error=\"insufficient_scope\", error_description=\"Missing openid scope\"";
        return refusal(inner, 403, error);
    }
    let (Some(user), Some(client)) = (state.users.find(&proof.user_id), state.client(&proof.client_id)) else {
        return refused_token(inner, "user_not_found");
    };
    let mut claims = profile(Subject { user, client, session: None, scope: &scope });
    claims.insert("sub".to_owned(), user.id.as_str().into());
    Answer::json(200, &Value::Object(claims))
}

fn refused_token(inner: &Inner, reason: &str) -> Answer {
    refusal(inner, 401, &format!(", error=\"invalid_token\", error_description=\"{reason}\""))
}

/// The reason stands in the challenge only; the body is empty.
fn refusal(inner: &Inner, status: u16, error: &str) -> Answer {
    Answer::bytes(status, "text/plain;charset=utf-8", "")
        .header(WWW_AUTHENTICATE, &format!("Bearer realm=\"{}\"{error}", inner.realm))
}
