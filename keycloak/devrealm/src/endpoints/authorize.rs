//! The authorization endpoint: what a client asks for, the form, and the way back with a code (RFC 6749 §4.1).

use url::Url;

use crate::answer::Answer;
use crate::authorization::{Authorization, Complaint, Unreturnable};
use crate::call::Call;
use crate::codes::Code;
use crate::endpoints::password::{Credentials, LoginFailure, verify};
use crate::inner::Inner;
use crate::page;
use crate::proof::text;
use crate::random;
use crate::session::Session;

/// Answers a browser that a client has sent: with the form, or at once where somebody is signed in.
pub(crate) fn ask(inner: &Inner, call: &Call) -> Answer {
    let asked = match Authorization::read(&call.query(), &inner.state()) {
        Ok(asked) => asked,
        Err(Unreturnable(sentence)) => return page::error(sentence),
    };
    if let Err(complaint) = asked.judge(&inner.state()) {
        return back(inner, &asked, &complaint.fields(), complaint.in_fragment());
    }
    match page::signed_in(inner, call).filter(|sid| asked.accepts(inner, sid)) {
        Some(sid) => hand_over(inner, &asked, &sid),
        None if asked.prompts("none") => back(inner, &asked, &Complaint::LoginRequired.fields(), false),
        None => form(inner, &asked),
    }
}

/// Answers the form.
pub(crate) fn sign_in(inner: &Inner, call: &Call) -> Answer {
    let query = call.query();
    let sealed = query.get("session_code").unwrap_or_default();
    let opened = page::open(inner, AUTHORIZATION, sealed);
    let Some(opened) = opened.filter(|opened| call.cookie(AUTH_SESSION) == text(opened, "browser")) else {
        return page::error(
            "Restart login cookie not found. It may have expired; it may have been deleted or cookies are disabled in your browser.",
        );
    };
    let Some(asked) = Authorization::unseal(&opened) else { return page::error("Page has expired") };
    let form = call.form();
    let credentials = Credentials {
        username: form.get("username").unwrap_or_default().trim(),
        password: form.get("password").unwrap_or_default(),
        otp: form.get("otp").filter(|otp| !otp.is_empty()),
    };
    let now = inner.clock.now();
    let mut state = inner.state();
    match verify(&credentials, &mut state, inner.clock.now_ms()) {
        Ok(user_id) => {
            let session = state.sessions.start(&user_id, &asked.client_id, call.peer.to_string(), now);
            session.auth_time = Some(now);
            let sid = session.id.clone();
            drop(state);
            hand_over(inner, &asked, &sid).cookie(page::IDENTITY, &page::identity(inner, &sid), &inner.realm)
        }
        Err(failure) => {
            let action = form_action(inner, sealed);
            refuse(inner, &failure, &action)
        }
    }
}

fn refuse(inner: &Inner, failure: &LoginFailure, action: &str) -> Answer {
    match failure {
        LoginFailure::Credentials => page::login(action, Some("Invalid username or password.")),
        LoginFailure::Disabled => page::login(action, Some("Account is disabled, contact your administrator.")),
        LoginFailure::Unfinished(to_do) => {
            Answer::redirect(&format!("{}/login-actions/required-action?execution={to_do}", inner.issuer))
        }
    }
}

/// Answers where Keycloak would show the form for what a user still has to do.
pub(crate) fn required_action() -> Answer {
    page::message(200, "The development realm has no form for this. Change the user by the Admin API.")
}

/// The form belongs to one browser: a cookie and the sealed request name each other.
fn form(inner: &Inner, asked: &Authorization) -> Answer {
    let browser = random::text(18);
    let mut value = asked.seal();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("browser".to_owned(), browser.as_str().into());
    }
    let sealed = page::seal(inner, AUTHORIZATION, value);
    page::login(&form_action(inner, &sealed), None).cookie(AUTH_SESSION, &browser, &inner.realm)
}

fn form_action(inner: &Inner, sealed: &str) -> String {
    format!("{}/login-actions/authenticate?session_code={sealed}", inner.issuer)
}

/// Sends the browser back with a code; the client joins the session.
fn hand_over(inner: &Inner, asked: &Authorization, sid: &str) -> Answer {
    let mut state = inner.state();
    let expires_at = inner.clock.now() + state.settings.access_code_lifespan;
    let client_uuid = state.client(&asked.client_id).map(|client| client.id.clone()).unwrap_or_default();
    if let Some(session) = state.sessions.find_mut(sid) {
        join(session, &asked.client_id);
    }
    let code = Code {
        client_id: asked.client_id.clone(),
        sid: sid.to_owned(),
        redirect_uri: asked.redirect_uri.clone(),
        scope: asked.scope.clone(),
        nonce: asked.nonce.clone(),
        challenge: asked.challenge.clone(),
        expires_at,
    };
    let code = state.codes.issue(code, &client_uuid);
    drop(state);
    back(inner, asked, &[("session_state", sid.to_owned()), ("code", code)], false)
}

fn join(session: &mut Session, client_id: &str) {
    session.clients.entry(client_id.to_owned()).or_default();
}

/// The way back always names state and issuer (RFC 9207).
fn back(inner: &Inner, asked: &Authorization, fields: &[(&str, String)], in_fragment: bool) -> Answer {
    let Ok(mut url) = Url::parse(&asked.redirect_uri) else { return page::error("Invalid parameter: redirect_uri") };
    let state = asked.state.as_ref().map(|state| ("state", state.clone()));
    let fields = state.into_iter().chain(fields.iter().cloned()).chain([("iss", inner.issuer.clone())]);
    if in_fragment {
        let fragment = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        url.set_fragment(Some(&fragment));
    } else {
        url.query_pairs_mut().extend_pairs(fields);
    }
    Answer::redirect(url.as_str())
}

const AUTHORIZATION: &str = "authorization";
const AUTH_SESSION: &str = "AUTH_SESSION_ID";
