//! The users of the realm: look-up and creation.

use http::header::LOCATION;
use serde_json::{Value, json};

use super::{Answered, demand_json};
use crate::answer::Answer;
use crate::call::Call;
use crate::fields::Fields;
use crate::inner::Inner;
use crate::random;
use crate::representation::{self, Draft};
use crate::user::User;
use crate::users::Taken;

/// Answers a search, sorted by name.
pub(super) fn list(inner: &Inner, call: &Call) -> Answered {
    let query = call.query();
    let state = inner.state();
    let found = search(state.users.all(), &query);
    let brief = query.get("briefRepresentation") == Some("true");
    let first = query.get("first").and_then(|first| first.parse().ok()).unwrap_or(0);
    let max = query.get("max").and_then(|max| max.parse::<i64>().ok()).unwrap_or(100);
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let page = found.into_iter().skip(first).take(max).map(|user| representation::user(user, brief));
    Ok(Answer::json(200, &Value::Array(page.collect())))
}

/// Answers how many users a search finds.
pub(super) fn count(inner: &Inner, call: &Call) -> Answered {
    let state = inner.state();
    Ok(Answer::json(200, &search(state.users.all(), &call.query()).len().into()))
}

/// Creates a user. Roles of the body are ignored without a word, as in Keycloak; every new user gets the default role.
pub(super) fn create(inner: &Inner, call: &Call) -> Answered {
    demand_json(call)?;
    let draft = Draft::read(&call.body)?;
    let username = draft.username().ok_or_else(|| Answer::message(400, "User name is missing"))?;
    let mut state = inner.state();
    let mut user = blank(username, &inner.realm, inner.clock.now_ms());
    draft.apply(&mut user, &state.settings.profile);
    if let Some(refusal) = representation::faults(&user, &state.settings.profile) {
        return Err(refusal);
    }
    if let Some(taken) = state.users.taken(&user) {
        return Err(conflict(taken));
    }
    if let Some((password, temporary)) = draft.password() {
        let fault = state.settings.password_policy.fault(&password, &user.username, user.email.as_deref());
        if let Some((error, description)) = fault.map(|fault| fault.message()) {
            return Err(Answer::json(400, &json!({ "error": error, "error_description": description })));
        }
        user.set_password(password, temporary);
    }
    if !state.users.have_room() {
        return Err(Answer::error(500, "unknown_error"));
    }
    let location = format!("{}/admin/realms/{}/users/{}", inner.origin, inner.realm, user.id);
    state.users.add(user);
    Ok(Answer::empty(201).header(LOCATION, &location))
}

/// The answer to a name or an e-mail that somebody else has.
pub(super) fn conflict(taken: Taken) -> Answer {
    match taken {
        Taken::Username => Answer::message(409, "User exists with same username"),
        Taken::Email => Answer::message(409, "User exists with same email"),
    }
}

fn blank(username: &str, realm: &str, now_ms: i64) -> User {
    User {
        id: random::uuid(),
        username: username.to_lowercase(),
        enabled: false,
        email: None,
        email_verified: false,
        first_name: None,
        last_name: None,
        attributes: Default::default(),
        required_actions: Default::default(),
        realm_roles: vec![format!("default-roles-{realm}")],
        client_roles: Default::default(),
        service_account_client_id: None,
        credentials: Vec::new(),
        created_timestamp: now_ms,
        not_before: 0,
        last_otp_step: None,
    }
}

/// Service accounts are found only by who asks for a field of theirs.
fn search<'a>(users: impl Iterator<Item = &'a User>, query: &Fields) -> Vec<&'a User> {
    let by_field = SEARCHED.iter().any(|name| query.get(name).is_some());
    let found = users.filter(|user| by_field || user.is_person()).filter(|user| matches(user, query));
    let mut found = found.collect::<Vec<_>>();
    found.sort_by(|one, other| one.username.cmp(&other.username));
    found
}

fn matches(user: &User, query: &Fields) -> bool {
    let exact = query.get("exact") == Some("true");
    let own = |name: &str| match name {
        "username" => Some(user.username.as_str()),
        "email" => user.email.as_deref(),
        "firstName" => user.first_name.as_deref(),
        _ => user.last_name.as_deref(),
    };
    let field = |name: &&str| query.get(name).is_none_or(|asked| holds(own(name).unwrap_or_default(), asked, exact));
    let flag = |name: &str, own: bool| query.get(name).is_none_or(|asked| asked == own.to_string());
    SEARCHED.iter().filter(|name| **name != "q").all(field)
        && flag("enabled", user.enabled)
        && flag("emailVerified", user.email_verified)
        && query.get("q").is_none_or(|asked| has_attributes(user, asked))
        && query.get("search").is_none_or(|asked| is_searched(user, asked))
}

/// Without `exact` a part of the value is enough: the trap that this API sets.
fn holds(own: &str, asked: &str, exact: bool) -> bool {
    let (own, asked) = (own.to_lowercase(), asked.to_lowercase());
    if exact { own == asked } else { own.contains(&asked) }
}

/// `q=name:value name:value`, every one exact.
fn has_attributes(user: &User, asked: &str) -> bool {
    let mut pairs = asked.split_whitespace().filter_map(|pair| pair.split_once(':'));
    pairs.all(|(name, value)| user.has_attribute(name, value.trim_matches('"')))
}

/// A prefix, `*part*`, or `"exactly this"`.
fn is_searched(user: &User, asked: &str) -> bool {
    let asked = asked.to_lowercase();
    let all = [Some(&user.username), user.email.as_ref(), user.first_name.as_ref(), user.last_name.as_ref()];
    all.into_iter().flatten().map(|own| own.to_lowercase()).any(|own| {
        if let Some(whole) = asked.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            return own == whole;
        }
        match asked.strip_prefix('*') {
            Some(part) => own.contains(part.trim_end_matches('*')),
            None => own.starts_with(asked.trim_end_matches('*')),
        }
    })
}

const SEARCHED: &[&str] = &["username", "email", "firstName", "lastName", "q"];
