//! A client as small as can be: one request a connection, so that nothing stands between a test and the wire.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::form_urlencoded::Serializer;

/// A request under construction.
pub(crate) struct Request {
    head: String,
    body: String,
}

/// What came back, as it was on the wire.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { head: format!("{method} {path} HTTP/1.1\r\nHost: realm\r\nConnection: close\r\n"), body: String::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { body, ..self.header("Content-Type", "application/x-www-form-urlencoded") }
    }

    pub(crate) fn json(self, value: &Value) -> Self {
        Self { body: value.to_string(), ..self.header("Content-Type", "application/json") }
    }

    /// Sends the request and reads until the other side closes.
    pub(crate) async fn send(self, to: SocketAddr) -> std::io::Result<Response> {
        let mut stream = TcpStream::connect(to).await?;
        let request = format!("{}Content-Length: {}\r\n\r\n{}", self.head, self.body.len(), self.body);
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        Response::parse(&bytes).ok_or_else(|| std::io::Error::other("no answer"))
    }
}

impl Response {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head, body: bytes[end + 4..].to_vec() })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Status, error and description in one, as the tables of Keycloak's behaviour give them.
    pub(crate) fn verdict(&self) -> (u16, String) {
        let body = self.json();
        let field = |name: &str| body[name].as_str().map(str::to_owned);
        (self.status, [field("error"), field("error_description")].into_iter().flatten().collect::<Vec<_>>().join(": "))
    }
}
