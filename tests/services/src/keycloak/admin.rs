//! The Admin API of a server, as its administrator.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{Answer, send};

/// Calls of the Admin API; every one must succeed.
pub struct Admin {
    server: String,
    token: Mutex<Option<(String, Instant)>>,
}

impl Admin {
    pub(super) fn new(server: &str) -> Self {
        Self { server: server.trim_end_matches('/').to_owned(), token: Mutex::new(None) }
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// GET of `/admin/realms/{path}`.
    pub fn get(&self, path: &str) -> Value {
        self.call("GET", path, None)
    }

    /// POST to `/admin/realms/{path}`.
    pub fn post(&self, path: &str, body: &Value) {
        self.call("POST", path, Some(body));
    }

    /// PUT to `/admin/realms/{path}`.
    pub fn put(&self, path: &str, body: &Value) {
        self.call("PUT", path, Some(body));
    }

    /// DELETE of `/admin/realms/{path}`.
    pub fn delete(&self, path: &str) {
        self.call("DELETE", path, None);
    }

    /// DELETE of `/admin/realms/{path}`, of what a list names.
    pub fn delete_these(&self, path: &str, these: &Value) {
        self.call("DELETE", path, Some(these));
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let path = format!("/admin/realms{}{path}", if path.is_empty() { "" } else { "/" });
        let authorization = format!("Bearer {}", self.token());
        let fields = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = send(&self.server, method, &path, &fields, body.as_bytes()).unwrap();
        let text = || String::from_utf8_lossy(&answer.body).into_owned();
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, text());
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// The administrator's token lives for a minute.
    fn token(&self) -> String {
        let mut token = self.token.lock().unwrap();
        match &*token {
            Some((text, since)) if since.elapsed() < Duration::from_secs(45) => text.clone(),
            _ => {
                let began = Instant::now();
                let text = self.log_in();
                *token = Some((text.clone(), began));
                text
            }
        }
    }

    fn log_in(&self) -> String {
        let form = "grant_type=password&client_id=admin-cli&username=admin&password=admin";
        let fields = [("Content-Type", "application/x-www-form-urlencoded")];
        let path = "/realms/master/protocol/openid-connect/token";
        let Answer { status, body } = send(&self.server, "POST", path, &fields, form.as_bytes()).unwrap();
        assert_eq!(status, 200, "the administrator: {}", String::from_utf8_lossy(&body));
        let answer: Value = serde_json::from_slice(&body).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }
}
