//! The events of the realm, the oldest first.

use url::form_urlencoded;

use super::Answered;
use crate::answer::Answer;
use crate::call::Call;
use crate::events::Wanted;
use crate::inner::Inner;

pub(super) fn of_admins(inner: &Inner, call: &Call) -> Answered {
    Ok(Answer::json(200, &inner.state().events.admin(&wanted(call))))
}

pub(super) fn of_users(inner: &Inner, call: &Call) -> Answered {
    let (state, wanted) = (inner.state(), wanted(call));
    // Keycloak does not say which.
    let known = wanted.types.iter().all(|kind| state.events.knows(kind));
    known
        .then(|| Answer::json(200, &state.events.user(&wanted)))
        .ok_or_else(|| Answer::oauth(500, "unknown_error", "For more on this error consult the server log."))
}

fn wanted(call: &Call) -> Wanted {
    let query = call.query();
    let types = form_urlencoded::parse(call.uri.query().unwrap_or_default().as_bytes());
    Wanted {
        from: query.get("dateFrom").and_then(|from| from.parse().ok()).unwrap_or(0),
        first: query.get("first").and_then(|first| first.parse().ok()).unwrap_or(0),
        max: query.get("max").and_then(|max| max.parse().ok()).unwrap_or(100),
        types: types.filter(|(name, _)| name == "type").map(|(_, value)| value.into_owned()).collect(),
    }
}
