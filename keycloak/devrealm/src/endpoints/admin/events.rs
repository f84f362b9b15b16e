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
    Ok(Answer::json(200, &inner.state().events.user(&wanted(call))))
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
