//! What is known of one request when it ends; `docs/request-log.md` is the contract.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

/// The fields of a request's log line. It holds no query, token, cookie, password or e-mail address.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// `X-Request-Id`.
    pub request_id: Arc<str>,
    /// The address of the client, as far as trusted proxies tell.
    pub client: Arc<str>,
    /// The method; empty where the head could not be read.
    pub method: &'static str,
    /// `Host`.
    pub host: Arc<str>,
    /// The path, without its query.
    pub path: Arc<str>,
    /// The label of the route.
    pub route: Option<Arc<str>>,
    /// The status that the client got; 0 where it went away before.
    pub status: u16,
    /// Why the gateway refused or failed; empty where it did not.
    pub reason: &'static str,
    /// The upstream.
    pub upstream: Option<Arc<str>>,
    /// The server that answered, or that was tried last.
    pub server: Option<Arc<str>>,
    /// Who asked: the issuer's identifier.
    pub subject: Option<Arc<str>>,
    /// Who asked: our identifier.
    pub user: Option<Uuid>,
    /// Bytes of the request body.
    pub bytes_in: usize,
    /// Bytes of the response body.
    pub bytes_out: usize,
}

impl Record {
    /// The line as JSON.
    #[must_use]
    pub fn json(&self, now: SystemTime, took: Duration) -> String {
        let mut line = String::with_capacity(LINE);
        let mut put = Members(&mut line);
        put.shown("timestamp", humantime::format_rfc3339_millis(now));
        put.constant(KIND);
        put.text("request_id", &self.request_id);
        put.text("client", &self.client);
        put.name("method");
        put.quoted(self.method);
        put.text("host", &self.host);
        put.text("path", &self.path);
        put.text("route", self.route.as_deref().unwrap_or_default());
        put.number("status", self.status);
        put.name("reason");
        put.quoted(self.reason);
        put.text("upstream", self.upstream.as_deref().unwrap_or_default());
        put.text("server", self.server.as_deref().unwrap_or_default());
        put.text("subject", self.subject.as_deref().unwrap_or_default());
        let mut room = Uuid::encode_buffer();
        put.name("user_id");
        put.quoted(self.user.map_or("", |id| id.hyphenated().encode_lower(&mut room)));
        put.number("bytes_in", self.bytes_in);
        put.number("bytes_out", self.bytes_out);
        put.number("duration_us", took.as_micros());
        line.push_str("}\n");
        line
    }

    /// The line for people.
    #[must_use]
    pub fn text(&self, took: Duration) -> String {
        let reason = if self.reason.is_empty() { String::new() } else { format!(" ({})", self.reason) };
        let method = if self.method.is_empty() { "-" } else { self.method };
        format!("{} {method} {}{}{reason} {:?} {}\n", self.status, self.host, self.path, took, self.request_id)
    }
}

/// Room for most lines.
const LINE: usize = 1024;

/// The target of request lines, for `RUST_LOG`.
pub(super) const TARGET: &str = "doorward::request";

/// What tells these lines from others.
const KIND: &str = r#","level":"INFO","target":"doorward::request","message":"request""#;

/// Members of a JSON object. Values of closed or checked sets need no escapes and are copied as they are.
struct Members<'a>(&'a mut String);

impl Members<'_> {
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    /// Whole members that every line has.
    fn constant(&mut self, members: &str) {
        self.0.push_str(members);
    }

    /// A value that needs no escapes.
    fn quoted(&mut self, value: &str) {
        self.0.push('"');
        self.0.push_str(value);
        self.0.push('"');
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        // Without a way out early the compiler looks at many bytes at once.
        let plain = |byte: u8| (byte.is_ascii_graphic() | (byte == b' ')) & (byte != b'"') & (byte != b'\\');
        if value.bytes().fold(true, |all, byte| all & plain(byte)) {
            self.quoted(value);
        } else {
            self.0.push_str(&serde_json::Value::from(value).to_string());
        }
    }

    /// What needs no escapes, written without a copy of its own.
    fn shown(&mut self, name: &str, value: impl std::fmt::Display) {
        self.name(name);
        // Writing to a string does not fail.
        let _ = write!(self.0, "\"{value}\"");
    }

    fn number(&mut self, name: &str, value: impl itoa::Integer) {
        self.name(name);
        self.0.push_str(itoa::Buffer::new().format(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_json_object_whatever_the_request_says() {
        let record =
            Record { path: "/a\"b\\\u{1b}[31m\n".into(), status: 404, reason: "no-route", ..Record::default() };
        let line = record.json(SystemTime::UNIX_EPOCH, Duration::from_micros(1500));
        assert!(line.ends_with('\n') && line.lines().count() == 1);
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["timestamp"], "1970-01-01T00:00:00.000Z");
        assert_eq!((&json["target"], &json["message"]), (&TARGET.into(), &"request".into()));
        assert_eq!(json["path"], "/a\"b\\\u{1b}[31m\n");
        assert_eq!(json["status"], 404);
        assert_eq!(json["duration_us"], 1500);
    }
}
