//! What clients are told before it happens: the end of a session (OpenID Connect Back-Channel Logout 1.0), and the
//! orders of Keycloak's own.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::client::Client;
use crate::inner::Inner;
use crate::random;
use crate::session::Session;

/// Ends a session; whether there was one. As Keycloak does, it tells the clients first, one after another, and
/// ends the session whatever they answer.
pub(crate) async fn end_session(inner: &Inner, sid: &str) -> bool {
    for letter in letters(inner, sid) {
        // Failures are silent in Keycloak too: one attempt, no retry.
        let _ = tokio::time::timeout(MOST_WAIT, letter.post()).await;
    }
    inner.state().sessions.remove(sid)
}

/// Gives every client with an admin URL an order, one after another; the URLs.
pub(crate) async fn order(inner: &Inner, action: Action, not_before: i64) -> Vec<String> {
    let orders: Vec<_> = {
        let state = inner.state();
        let clients = state.clients.iter().filter_map(|client| Some((client, client.admin_url()?)));
        clients.map(|(client, url)| (url.to_owned(), order_for(inner, client, action, not_before))).collect()
    };
    for (url, token) in &orders {
        let Ok(url) = Url::parse(&format!("{url}/{}", action.path())) else { continue };
        let letter = Letter { url, content_type: "text/plain; charset=ISO-8859-1", body: token.clone() };
        // A client that does not answer counts as told in Keycloak too.
        let _ = tokio::time::timeout(MOST_WAIT, letter.post()).await;
    }
    orders.into_iter().map(|(url, _)| url).collect()
}

/// It names no issuer.
fn order_for(inner: &Inner, client: &Client, action: Action, not_before: i64) -> String {
    let claims = json!({
        "id": format!("{}-{}", random::uuid(), inner.clock.now_ms()),
        "expiration": inner.clock.now() + 30,
        "resource": client.client_id,
        "action": action.name(),
        "notBefore": not_before,
    });
    inner.keys.sign(&json!({ "typ": "JWT" }), &claims)
}

/// What a client is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Every session of the realm has ended.
    Logout,
    /// Tokens that are older than a mark are dead.
    PushNotBefore,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Logout => "LOGOUT",
            Self::PushNotBefore => "PUSH_NOT_BEFORE",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Logout => "k_logout",
            Self::PushNotBefore => "k_push_not_before",
        }
    }
}

/// One statement on its way.
struct Letter {
    url: Url,
    content_type: &'static str,
    body: String,
}

fn letters(inner: &Inner, sid: &str) -> Vec<Letter> {
    let state = inner.state();
    let Some(session) = state.sessions.find(sid) else { return Vec::new() };
    let clients = session.clients.keys().filter_map(|client_id| state.client(client_id));
    clients.filter_map(|client| letter(inner, session, client)).collect()
}

fn letter(inner: &Inner, session: &Session, client: &Client) -> Option<Letter> {
    let url = Url::parse(client.backchannel_logout_url()?).ok()?;
    let token = inner.keys.sign(&json!({ "typ": "logout+jwt" }), &claims(inner, session, client));
    let body = format!("logout_token={token}");
    Some(Letter { url, content_type: "application/x-www-form-urlencoded", body })
}

fn claims(inner: &Inner, session: &Session, client: &Client) -> Value {
    let now = inner.clock.now();
    let mut events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    if let Some(events) =
        events.as_object_mut().filter(|_| client.switched_on("backchannel.logout.revoke.offline.tokens"))
    {
        events.insert("revoke_offline_access".to_owned(), true.into());
    }
    let mut claims = json!({
        "exp": now + 120,
        "iat": now,
        "jti": random::uuid(),
        "iss": inner.issuer,
        "aud": client.client_id,
        "sub": session.user_id,
        "typ": "Logout",
        "events": events,
    });
    if let Some(claims) = claims.as_object_mut().filter(|_| client.switched_on("backchannel.logout.session.required")) {
        claims.insert("sid".to_owned(), session.id.as_str().into());
    }
    claims
}

impl Letter {
    /// Delivers the token and waits for the first bytes of an answer. Plain http only: the gateway is on this machine.
    async fn post(&self) -> std::io::Result<()> {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or(80);
        let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        stream.write_all(self.request(host, port).as_bytes()).await?;
        let mut answer = [0; 256];
        stream.read(&mut answer).await.map(drop)
    }

    fn request(&self, host: &str, port: u16) -> String {
        let (kind, body) = (self.content_type, &self.body);
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!(
            "POST {}{query} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\nUser-Agent: Apache-HttpClient/4.5.14 (Java/17)\r\nConnection: close\r\n\r\n{body}",
            self.url.path(),
            body.len(),
        )
    }
}

/// A client that hangs costs the caller this long, per session and client.
const MOST_WAIT: Duration = Duration::from_secs(5);
