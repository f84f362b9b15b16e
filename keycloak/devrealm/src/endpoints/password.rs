//! The password grant, with a one-time password where the user has one.

use std::sync::Arc;

use crate::answer::Answer;
use crate::endpoints::token::{Answered, TokenRequest, invalid_grant};
use crate::fields::Fields;
use crate::inner::Inner;
use crate::scope::Scope;
use crate::state::State;
use crate::tokens::{Subject, Thread, Via};
use crate::totp;

/// Answers a log-in by password.
pub(crate) fn answer(request: &TokenRequest<'_>, state: &mut State) -> Answered {
    if !request.client.direct_access_grants_enabled {
        return Err(Answer::oauth(400, "unauthorized_client", "Client not allowed for direct access grants"));
    }
    let asked = request.form.get("scope");
    let scope = Scope::grant(asked, request.client).ok_or_else(|| {
        Answer::oauth(400, "invalid_scope", &format!("Invalid scopes: {}", asked.unwrap_or_default()))
    })?;
    let username = request
        .form
        .get("username")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Answer::oauth(401, "invalid_request", "Missing parameter: username"))?;
    let otp = request.form.get("otp").or_else(|| request.form.get("totp"));
    let credentials = Credentials { username, password: request.form.get("password").unwrap_or_default(), otp };
    let user_id = verify(&credentials, state, request.inner.clock.now_ms())
        .map_err(|failure| invalid_grant(failure.description()))?;
    let sid = state.sessions.start(&user_id, &request.client.client_id, request.peer(), request.now).id.clone();
    let user = state.users.find(&user_id).ok_or_else(|| invalid_grant(LoginFailure::Credentials.description()))?;
    let subject = Subject { user, client: request.client, session: state.sessions.find(&sid), scope: &scope };
    Ok(Answer::tokens(&request.mint(state).answer(subject, Via::Password, Thread::default())))
}

/// What a user typed.
pub(crate) struct Credentials<'a> {
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
    pub(crate) otp: Option<&'a str>,
}

/// Why nobody was signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LoginFailure {
    Credentials,
    Disabled,
    /// The first thing that the user has to do.
    Unfinished(String),
}

impl LoginFailure {
    fn description(&self) -> &'static str {
        match self {
            Self::Credentials => "Invalid user credentials",
            Self::Disabled => "Account disabled",
            Self::Unfinished(_) => "Account is not fully set up",
        }
    }
}

/// The id of the user whose credentials these are. Everything but a wrong credential is said only to who knows the
/// password; and nothing but that while the account is locked. Every way in passes this function.
pub(crate) fn verify(credentials: &Credentials<'_>, state: &mut State, now_ms: i64) -> Result<String, LoginFailure> {
    let by_email = state.settings.login_with_email_allowed;
    let user = state.users.sign_in(credentials.username, by_email).ok_or(LoginFailure::Credentials)?;
    let id = user.id.clone();
    if state.guard.is_locked(&state.settings.brute_force, &id, now_ms) {
        return Err(LoginFailure::Credentials);
    }
    let outcome = look(credentials, state, &id, now_ms);
    match &outcome {
        Ok(()) => state.guard.succeeded(&id),
        Err(LoginFailure::Credentials) => state.guard.failed(&state.settings.brute_force, &id, now_ms),
        Err(LoginFailure::Disabled | LoginFailure::Unfinished(_)) => {}
    }
    outcome.map(|()| id)
}

fn look(credentials: &Credentials<'_>, state: &mut State, id: &str, now_ms: i64) -> Result<(), LoginFailure> {
    let verify_email = state.settings.verify_email;
    let user = state.users.find_mut(id).ok_or(LoginFailure::Credentials)?;
    if credentials.password.is_empty() || user.password() != Some(credentials.password) {
        return Err(LoginFailure::Credentials);
    }
    if !user.enabled {
        return Err(LoginFailure::Disabled);
    }
    let to_do = user.to_do(verify_email);
    if let Some(key) = user.otp_key() {
        let step = totp::matching_step(&key, credentials.otp.unwrap_or_default(), now_ms.div_euclid(1000));
        use_step(&mut user.last_otp_step, step)?;
    }
    to_do.map_or(Ok(()), |action| Err(LoginFailure::Unfinished(action)))
}

/// Takes the time that a log-in takes. Another one of the same user that arrives meanwhile is refused.
pub(crate) async fn take_time(inner: &Arc<Inner>, form: &Fields) -> Result<Option<UnderWay>, Answer> {
    let takes = inner.login_takes();
    if takes.is_zero() || form.get("grant_type") != Some("password") {
        return Ok(None);
    }
    let under_way = {
        let mut state = inner.state();
        let state = &mut *state;
        let by_email = state.settings.login_with_email_allowed;
        let user = state.users.sign_in(form.get("username").unwrap_or_default(), by_email);
        let Some(user_id) = user.map(|user| user.id.clone()) else { return Ok(None) };
        if !state.guard.begin(&state.settings.brute_force, &user_id) {
            return Err(invalid_grant(LoginFailure::Credentials.description()));
        }
        UnderWay { inner: Arc::clone(inner), user_id }
    };
    tokio::time::sleep(takes).await;
    Ok(Some(under_way))
}

/// A log-in that has begun; it is over when this is dropped.
pub(crate) struct UnderWay {
    inner: Arc<Inner>,
    user_id: String,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.inner.state().guard.end(&self.user_id);
    }
}

/// A code works once.
fn use_step(last: &mut Option<i64>, step: Option<i64>) -> Result<(), LoginFailure> {
    let step = step.filter(|step| last.is_none_or(|last| *step > last)).ok_or(LoginFailure::Credentials)?;
    *last = Some(step);
    Ok(())
}
