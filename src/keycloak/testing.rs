//! A stand-in for Keycloak at the socket, for unit tests: it answers what it is told, and remembers what it was asked.

use std::collections::HashMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

use super::{Http, KeycloakMetrics, Timeouts};

pub(crate) struct FakeKeycloak {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    replies: Mutex<HashMap<String, Reply>>,
    requests: Mutex<Vec<String>>,
}

#[derive(Clone)]
pub(crate) enum Reply {
    Text(u16, String),
    Redirect(String),
    Busy(u32),
    Late(Duration, String),
    Hang,
    Drip,
    Cut,
    Endless,
    Close,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::Text(status, body.to_string())
    }
}

impl FakeKeycloak {
    /// Serves the discovery document of its own realm; everything else is closed without an answer.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let server = tokio::spawn(accept(listener, Arc::clone(&state)));
        let fake = Self { address, state, server };
        fake.discover(&fake.issuer(), &format!("{}{CERTS}", fake.issuer()));
        fake
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}/realms/acme", self.address)
    }

    pub(crate) fn url(&self) -> Url {
        self.issuer().parse().unwrap()
    }

    pub(crate) fn discover(&self, issuer: &str, jwks_uri: &str) {
        self.reply(DISCOVERY, Reply::json(200, &json!({"issuer": issuer, "jwks_uri": jwks_uri})));
    }

    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.state.replies.lock().insert(format!("/realms/acme{path}"), reply);
    }

    pub(crate) fn reply_admin(&self, reply: Reply) {
        self.state.replies.lock().insert(USERS.to_owned(), reply);
    }

    /// The requests whose path ends so, as they came.
    pub(crate) fn requests(&self, path: &str) -> Vec<String> {
        let requests = self.state.requests.lock();
        requests.iter().filter(|request| path_of(request).ends_with(path)).cloned().collect()
    }
}

impl Drop for FakeKeycloak {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
pub(crate) const CERTS: &str = "/protocol/openid-connect/certs";
pub(crate) const TOKEN: &str = "/protocol/openid-connect/token";
pub(crate) const INTROSPECT: &str = "/protocol/openid-connect/token/introspect";
pub(crate) const LOGOUT: &str = "/protocol/openid-connect/logout";
pub(crate) const USERS: &str = "/admin/realms/acme/users";

/// A client that gives up soon.
pub(crate) fn http() -> Http {
    let timeouts = Timeouts {
        connect: Duration::from_millis(500),
        total: Duration::from_millis(500),
        patient: Duration::from_secs(20),
    };
    Http::new(None, timeouts, KeycloakMetrics::new(&prometheus::Registry::new()).unwrap()).unwrap()
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&state)));
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let request = read(&mut stream).await;
    let reply = state.replies.lock().get(path_of(&request)).cloned();
    state.requests.lock().push(request);
    let _ = answer(&mut stream, reply.unwrap_or(Reply::Close)).await;
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

fn path_of(request: &str) -> &str {
    let target = request.split(' ').nth(1).unwrap_or_default();
    target.split('?').next().unwrap_or_default()
}

async fn answer(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Text(status, body) => write(stream, status, "", &body).await,
        Reply::Redirect(location) => write(stream, 302, &format!("Location: {location}\r\n"), "").await,
        Reply::Busy(seconds) => write(stream, 429, &format!("Retry-After: {seconds}\r\n"), "").await,
        Reply::Late(delay, body) => {
            tokio::time::sleep(delay).await;
            write(stream, 200, "", &body).await
        }
        Reply::Hang => pending().await,
        Reply::Close => Ok(()),
        Reply::Cut => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"keys\":").await,
        Reply::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await?;
            loop {
                stream.write_all(&[b' '; 65_536]).await?;
            }
        }
    }
}

async fn write(stream: &mut TcpStream, status: u16, headers: &str, body: &str) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}
