//! The pages that a browser sees, and the sealed values that travel through them.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::inner::Inner;
use crate::jws::Unverified;
use crate::proof::{number, text};

/// The cookie that keeps a browser signed in.
pub(crate) const IDENTITY: &str = "KEYCLOAK_IDENTITY";

/// A page with one sentence.
pub(crate) fn message(status: u16, sentence: &str) -> Answer {
    Answer::page(status, html("doorward", &format!("<p>{}</p>", escape(sentence))))
}

/// The page for a request that cannot be sent back to where it came from.
pub(crate) fn error(sentence: &str) -> Answer {
    message(400, sentence)
}

/// The log-in form.
pub(crate) fn login(action: &str, fault: Option<&str>) -> Answer {
    let fault =
        fault.map(|fault| format!("<p id=\"input-error\" role=\"alert\">{}</p>", escape(fault))).unwrap_or_default();
    let form = format!(
        "{fault}<form id=\"kc-form-login\" method=\"post\" action=\"{}\">\
         <p><label>Username <input id=\"username\" name=\"username\" autocomplete=\"username\" autofocus></label></p>\
         <p><label>Password <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\"></label></p>\
         <p><label>One-time code <input id=\"otp\" name=\"otp\" autocomplete=\"one-time-code\"></label></p>\
         <input type=\"hidden\" name=\"credentialId\" value=\"\">\
         <button id=\"kc-login\" name=\"login\">Sign In</button></form>",
        escape(action)
    );
    Answer::page(200, html("Sign in to doorward", &form))
}

/// The page that asks whether to log out.
pub(crate) fn confirm_logout(issuer: &str, code: &str) -> Answer {
    let action = escape(&format!("{issuer}/protocol/openid-connect/logout/logout-confirm"));
    let form = format!(
        "<p>Do you want to log out?</p><form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"session_code\" value=\"{}\">\
         <button id=\"kc-logout\" name=\"confirmLogout\">Logout</button></form>",
        escape(code)
    );
    Answer::page(200, html("Logging out", &form))
}

/// Seals a value for its way through a browser and back.
pub(crate) fn seal(inner: &Inner, purpose: &str, mut value: Value) -> String {
    if let Some(fields) = value.as_object_mut() {
        fields.insert("typ".to_owned(), purpose.into());
        fields.insert("exp".to_owned(), (inner.clock.now() + MOST_WAIT_SECONDS).into());
    }
    inner.keys.sign_refresh(&value)
}

/// Opens a value that was sealed for this purpose.
pub(crate) fn open(inner: &Inner, purpose: &str, sealed: &str) -> Option<Value> {
    let parsed = Unverified::parse(sealed).filter(|parsed| inner.keys.signed_refresh(parsed))?;
    let good = text(&parsed.claims, "typ") == Some(purpose) && inner.clock.now() < number(&parsed.claims, "exp");
    good.then_some(parsed.claims)
}

/// The cookie's value that keeps a browser in a session.
pub(crate) fn identity(inner: &Inner, sid: &str) -> String {
    seal(inner, IDENTITY, json!({ "sid": sid }))
}

/// The session that a browser is in, if it lives.
pub(crate) fn signed_in(inner: &Inner, call: &Call) -> Option<String> {
    let claims = open(inner, IDENTITY, call.cookie(IDENTITY)?)?;
    let sid = text(&claims, "sid")?;
    inner.state().sessions.find(sid).map(|session| session.id.clone())
}

fn html(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// As long as a session may last.
const MOST_WAIT_SECONDS: i64 = 36_000;
