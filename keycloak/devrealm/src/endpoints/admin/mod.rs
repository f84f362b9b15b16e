//! The subset of the Admin API that a gateway uses: which call it is, and whether the caller may make it.

mod clients;
mod events;
mod sessions;
mod user;
mod users;

use http::Method;
use http::header::CONTENT_TYPE;

use crate::answer::Answer;
use crate::call::Call;
use crate::inner::Inner;
use crate::proof::{Expected, Proof, text};
use crate::roles::Roles;

/// An answer, or the refusal in its place.
type Answered = Result<Answer, Answer>;

/// Answers one call under `/admin/realms/{realm}`.
pub(crate) async fn answer(inner: &Inner, call: &Call, inside: &[&str]) -> Answer {
    let done = dispatch(inner, call, inside).await;
    if done.is_ok() && call.method != Method::GET {
        let (now, body) = (inner.clock.now_ms(), String::from_utf8_lossy(&call.body));
        inner.state().events.note_admin(now, call.method.as_str(), inside, &body);
    }
    done.unwrap_or_else(|refusal| refusal)
}

async fn dispatch(inner: &Inner, call: &Call, inside: &[&str]) -> Answered {
    let caller = Caller::of(inner, call)?;
    match (call.method.as_str(), inside) {
        ("GET", ["users"]) => caller.may(VIEW_USERS).and_then(|()| users::list(inner, call)),
        ("POST", ["users"]) => caller.may(MANAGE_USERS).and_then(|()| users::create(inner, call)),
        ("GET", ["users", "count"]) => caller.may(COUNT_USERS).and_then(|()| users::count(inner, call)),
        ("GET", ["users", id]) => caller.may(VIEW_USERS).and_then(|()| user::show(inner, id)),
        ("PUT", ["users", id]) => caller.may(MANAGE_USERS).and_then(|()| user::update(inner, call, id)),
        ("DELETE", ["users", id]) => caller.may(MANAGE_USERS).and_then(|()| user::delete(inner, id)),
        ("PUT", ["users", id, "reset-password"]) => {
            caller.may(MANAGE_USERS).and_then(|()| user::reset_password(inner, call, id))
        }
        ("GET", ["users", id, "sessions"]) => caller.may(VIEW_USERS).and_then(|()| sessions::list(inner, id)),
        ("POST", ["users", id, "logout"]) => {
            caller.may(MANAGE_USERS)?;
            sessions::logout(inner, id).await
        }
        ("DELETE", ["sessions", sid]) => {
            caller.may(MANAGE_USERS)?;
            sessions::delete(inner, sid).await
        }
        ("POST", ["logout-all"]) => {
            caller.may(MANAGE_USERS)?;
            sessions::logout_all(inner).await
        }
        ("GET", ["admin-events"]) => caller.may(VIEW_EVENTS).and_then(|()| events::of_admins(inner, call)),
        ("GET", ["events"]) => caller.may(VIEW_EVENTS).and_then(|()| events::of_users(inner, call)),
        ("GET", ["clients"]) => caller.may(LIST_CLIENTS).and_then(|()| clients::list(inner, call, &caller)),
        ("GET", ["clients", uuid, "service-account-user"]) => {
            caller.may(VIEW_CLIENTS).and_then(|()| clients::service_account(inner, uuid))
        }
        (_, ["users"] | ["users", _] | ["sessions", _] | ["clients"]) => Err(Answer::wrong_method()),
        _ => Err(Answer::not_found()),
    }
}

/// Who calls, and with which roles of `realm-management`.
struct Caller {
    roles: Roles,
}

impl Caller {
    fn of(inner: &Inner, call: &Call) -> Result<Self, Answer> {
        let stranger = || Answer::error(401, "HTTP 401 Unauthorized");
        let token = call.bearer().ok_or_else(stranger)?;
        let state = inner.state();
        let proof = Proof::of(token, Expected::Signed, inner, &state).map_err(|_| stranger())?;
        if text(&proof.claims, "typ") != Some("Bearer") {
            return Err(stranger());
        }
        let user = state.users.find(&proof.user_id).ok_or_else(stranger)?;
        Ok(Self { roles: Roles::of(user, &inner.realm) })
    }

    fn holds(&self, one_of: &[&str]) -> bool {
        one_of.iter().any(|role| self.roles.manages(role))
    }

    fn may(&self, one_of: &[&str]) -> Result<(), Answer> {
        self.holds(one_of).then_some(()).ok_or_else(|| Answer::error(403, "HTTP 403 Forbidden"))
    }
}

/// Keycloak looks at the type of a body before it looks into it.
fn demand_json(call: &Call) -> Result<(), Answer> {
    let json = call.header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    let needed = call.method == Method::POST || call.method == Method::PUT;
    (json || !needed)
        .then_some(())
        .ok_or_else(|| Answer::error(415, "The content-type header value did not match the value in @Consumes"))
}

fn unknown_user() -> Answer {
    Answer::error(404, "User not found")
}

const VIEW_USERS: &[&str] = &["view-users", "manage-users"];
const MANAGE_USERS: &[&str] = &["manage-users"];
const VIEW_EVENTS: &[&str] = &["view-events"];
const COUNT_USERS: &[&str] = &["query-users", "view-users", "manage-users"];
const LIST_CLIENTS: &[&str] = &["query-clients", "view-clients", "manage-clients"];
const VIEW_CLIENTS: &[&str] = &["view-clients", "manage-clients"];
