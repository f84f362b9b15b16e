//! What happened, as the Admin API tells it afterwards.

use serde_json::{Value, json};

use crate::random;

/// The newest events, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Events {
    admin: Vec<Value>,
    user: Vec<Value>,
    /// Types that an older Keycloak did not know.
    forgotten: Vec<String>,
}

/// Which events are asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// In milliseconds.
    pub(crate) from: i64,
    pub(crate) first: usize,
    pub(crate) max: usize,
    pub(crate) types: Vec<String>,
}

impl Events {
    /// An administrator did something to a resource; the body is kept as it was sent.
    pub(crate) fn note_admin(&mut self, now_ms: i64, method: &str, inside: &[&str], body: &str) {
        let operation = match (method, inside) {
            ("DELETE", ["users", _] | ["sessions", _]) | ("DELETE", ["users", _, "role-mappings", ..]) => "DELETE",
            ("POST", ["users"]) => "CREATE",
            ("PUT", [] | ["users", _] | ["components", _]) => "UPDATE",
            _ => "ACTION",
        };
        let resource = match inside {
            ["users", ..] => "USER",
            ["sessions", ..] => "USER_SESSION",
            ["components", ..] => "COMPONENT",
            _ => "REALM",
        };
        let mut event = json!({
            "id": random::uuid(),
            "time": now_ms,
            "operationType": operation,
            "resourceType": resource,
        });
        if let Some(fields) = event.as_object_mut() {
            if !inside.is_empty() {
                fields.insert("resourcePath".to_owned(), inside.join("/").into());
            }
            if let ("DELETE", ["sessions", _]) = (method, inside) {
                fields.insert("representation".to_owned(), json!({ "offline": false }).to_string().into());
            } else if operation != "ACTION" && !body.is_empty() {
                fields.insert("representation".to_owned(), body.into());
            }
        }
        keep(&mut self.admin, event);
    }

    /// Something happened to a user; what is null is left out.
    pub(crate) fn note_user(&mut self, now_ms: i64, kind: &str, about: Value) {
        let mut event = about;
        if let Some(fields) = event.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
            fields.insert("id".to_owned(), random::uuid().into());
            fields.insert("time".to_owned(), now_ms.into());
            fields.insert("type".to_owned(), kind.into());
        }
        keep(&mut self.user, event);
    }

    /// Plays an older Keycloak, which does not know this type.
    pub(crate) fn forget(&mut self, kind: &str) {
        self.forgotten.push(kind.to_owned());
    }

    /// Whether this is a type of users' events.
    pub(crate) fn knows(&self, kind: &str) -> bool {
        TYPES.contains(&kind) && !self.forgotten.iter().any(|forgotten| forgotten == kind)
    }

    /// What administrators did.
    pub(crate) fn admin(&self, wanted: &Wanted) -> Value {
        list(&self.admin, wanted)
    }

    /// What users did.
    pub(crate) fn user(&self, wanted: &Wanted) -> Value {
        list(&self.user, wanted)
    }
}

fn list(events: &[Value], wanted: &Wanted) -> Value {
    let is_wanted = |event: &&Value| {
        let kind = event["type"].as_str().unwrap_or_default();
        event["time"].as_i64() >= Some(wanted.from)
            && (wanted.types.is_empty() || wanted.types.iter().any(|wanted| wanted == kind))
    };
    events.iter().filter(is_wanted).skip(wanted.first).take(wanted.max).cloned().collect()
}

fn keep(events: &mut Vec<Value>, event: Value) {
    if events.len() >= MOST {
        events.remove(0);
    }
    events.push(event);
}

const MOST: usize = 10_000;
/// Those of Keycloak that a gateway may ask for.
const TYPES: [&str; 12] = [
    "LOGIN",
    "LOGIN_ERROR",
    "LOGOUT",
    "REVOKE_GRANT",
    "REFRESH_TOKEN",
    "REFRESH_TOKEN_ERROR",
    "CODE_TO_TOKEN",
    "CODE_TO_TOKEN_ERROR",
    "USER_SESSION_DELETED",
    "USER_DISABLED_BY_PERMANENT_LOCKOUT",
    "UPDATE_PASSWORD",
    "DELETE_ACCOUNT",
];
