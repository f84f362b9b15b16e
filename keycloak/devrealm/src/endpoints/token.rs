//! The token endpoint: which grant is asked for, and by whom.

use std::sync::Arc;

use http::header::HeaderName;

use crate::answer::Answer;
use crate::call::Call;
use crate::client::Client;
use crate::client_auth;
use crate::endpoints::{code, password, refresh, service};
use crate::fields::Fields;
use crate::inner::Inner;
use crate::state::State;
use crate::tokens::Mint;

/// One request for tokens whose client is known.
pub(crate) struct TokenRequest<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) call: &'a Call,
    pub(crate) form: &'a Fields,
    pub(crate) client: &'a Client,
    pub(crate) now: i64,
}

impl<'a> TokenRequest<'a> {
    /// Makes the tokens of this request.
    pub(crate) fn mint(&self, state: &'a State) -> Mint<'a> {
        Mint { inner: self.inner, settings: &state.settings, now: self.now }
    }

    /// The address that the request came from, or the one that a trusted proxy names.
    pub(crate) fn peer(&self) -> String {
        let told = self.call.header(FORWARDED_FOR).filter(|_| self.inner.proxy_headers);
        told.map_or_else(|| self.call.peer.to_string(), |list| list.split(',').next().unwrap_or(list).trim().to_owned())
    }
}

/// An answer, or the refusal in its place.
pub(crate) type Answered = Result<Answer, Answer>;

/// Answers a request for tokens; the grant is looked at before the client, as in Keycloak.
pub(crate) async fn answer(inner: &Arc<Inner>, call: &Call) -> Answer {
    let form = call.form();
    let _under_way = match password::take_time(inner, &form).await {
        Ok(under_way) => under_way,
        Err(refusal) => return refusal,
    };
    decide(inner, call, &form).unwrap_or_else(|refusal| refusal)
}

fn decide(inner: &Inner, call: &Call, form: &Fields) -> Answered {
    let grant = form.get("grant_type").ok_or_else(missing_grant)?;
    let run: fn(&TokenRequest<'_>, &mut State) -> Answered = match grant {
        "password" => password::answer,
        "refresh_token" => refresh::answer,
        "client_credentials" => service::answer,
        "authorization_code" => code::answer,
        _ => return Err(Answer::oauth(400, "unsupported_grant_type", "Unsupported grant_type")),
    };
    inner.counts.grant(grant);
    let mut state = inner.state();
    let client = client_auth::authenticate(call, form, &state).map_err(client_auth::Stranger::answer)?.clone();
    if form.repeat() {
        return Err(Answer::oauth(400, "invalid_request", "duplicated parameter"));
    }
    let request = TokenRequest { inner, call, form, client: &client, now: inner.clock.now() };
    run(&request, &mut state)
}

/// A refusal of the grant itself (RFC 6749 §5.2).
pub(crate) fn invalid_grant(description: &str) -> Answer {
    Answer::oauth(400, "invalid_grant", description)
}

fn missing_grant() -> Answer {
    Answer::oauth(400, "invalid_request", "Missing form parameter: grant_type")
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
