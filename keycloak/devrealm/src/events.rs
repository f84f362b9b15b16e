//! What happened, as the Admin API tells it afterwards.

use serde_json::{Value, json};

use crate::random;

/// The newest events, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Events {
    admin: Vec<Value>,
    user: Vec<Value>,
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
            ("PUT", ["users", _]) => "UPDATE",
            _ => "ACTION",
        };
        let resource = if inside.first() == Some(&"sessions") { "USER_SESSION" } else { "USER" };
        let mut event = json!({
            "id": random::uuid(),
            "time": now_ms,
            "operationType": operation,
            "resourceType": resource,
            "resourcePath": inside.join("/"),
        });
        if let Some(fields) = event.as_object_mut().filter(|_| operation != "ACTION" && !body.is_empty()) {
            fields.insert("representation".to_owned(), body.into());
        }
        keep(&mut self.admin, event);
    }

    /// A user logged out.
    pub(crate) fn note_logout(&mut self, now_ms: i64, sid: &str) {
        let event = json!({"id": random::uuid(), "time": now_ms, "type": "LOGOUT", "sessionId": sid});
        keep(&mut self.user, event);
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
