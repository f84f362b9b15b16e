//! What is measured: which proxy gets which requests, and what it must answer.

use bench_scene::{Outcome, Provider, spoilt};

/// Which of the two proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Bare,
    Gateway,
}

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// HTTP/1, on connections that stay.
    Http1,
    /// HTTP/1 over TLS, each request on a connection of its own.
    Handshakes,
    /// Streams of HTTP/2, on one connection over TLS.
    Streams,
}

/// Requests of one kind.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    /// The variant that it is compared with.
    pub(crate) base: &'static str,
    pub(crate) side: Side,
    pub(crate) manner: Manner,
    /// Whole requests; of streams their targets.
    pub(crate) requests: Vec<Vec<u8>>,
    pub(crate) status: u16,
    /// Each request is sent only once to a gateway.
    pub(crate) once: bool,
    /// At most so many times the cost of the base.
    pub(crate) goal: Option<f64>,
}

/// Every variant; the first is what the others are compared with.
pub(crate) struct Variants(Vec<Variant>);

impl Variants {
    /// With `dead` ended sessions the goal of a known token is another one.
    pub(crate) fn mint(provider: &Provider, users: usize, fresh: usize, dead: usize) -> Outcome<Self> {
        let mut tokens = provider.mint().tokens(0..users + fresh, users)?;
        let unseen = tokens.split_off(users);
        let carrying = |tokens: &[String]| tokens.iter().map(|token| request(Some(token))).collect();
        let variant = |name, requests| Variant {
            name,
            base: BASE,
            side: Side::Gateway,
            manner: Manner::Http1,
            requests,
            status: 200,
            once: false,
            goal: None,
        };
        let spoilt: Vec<String> = tokens.iter().map(|token| spoilt(token)).collect();
        let handshakes = |name, goal| {
            let requests = vec![request_to(PUBLIC, None)];
            Variant { base: BASE_HANDSHAKE, manner: Manner::Handshakes, goal, ..variant(name, requests) }
        };
        let streams = |name, goal| {
            let targets = vec![PUBLIC.into()];
            Variant { base: BASE_STREAM, manner: Manner::Streams, goal, ..variant(name, targets) }
        };
        Ok(Self(vec![
            Variant { side: Side::Bare, ..variant(BASE, carrying(&tokens)) },
            Variant { goal: Some(if dead > 0 { 1.10 } else { 1.15 }), ..variant("known token", carrying(&tokens)) },
            variant("one token, always the same", carrying(tokens.get(..1).unwrap_or_default())),
            variant("public route", vec![request_to(PUBLIC, None)]),
            Variant { goal: Some(2.7), once: true, ..variant("token seen for the first time", carrying(&unseen)) },
            Variant { status: 401, goal: Some(0.5), ..variant("no token (401)", vec![request(None)]) },
            Variant { status: 401, goal: Some(1.4), ..variant("wrong signature (401)", carrying(&spoilt)) },
            Variant { side: Side::Bare, ..handshakes(BASE_HANDSHAKE, None) },
            handshakes("TLS handshake, public route", Some(1.1)),
            Variant { side: Side::Bare, ..streams(BASE_STREAM, None) },
            streams("HTTP/2 stream, public route", Some(1.1)),
        ]))
    }

    pub(crate) fn all(&self) -> &[Variant] {
        &self.0
    }

    /// The requests with known tokens, which warm both proxies.
    pub(crate) fn known(&self) -> Outcome<&Variant> {
        Ok(self.0.first().ok_or("no variant for the bare proxy")?)
    }
}

fn request(token: Option<&str>) -> Vec<u8> {
    request_to("/api/orders/42?expand=lines", token)
}

fn request_to(target: &str, token: Option<&str>) -> Vec<u8> {
    let bearer = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    format!(
        "GET {target} HTTP/1.1\r\nHost: app.example.com\r\nUser-Agent: sidebyside\r\nAccept: */*\r\n\
         {bearer}\r\n"
    )
    .into()
}

/// The names of what the others are compared with.
const BASE: &str = "bare Pingora proxy";
const BASE_HANDSHAKE: &str = "TLS handshake of the bare proxy";
const BASE_STREAM: &str = "HTTP/2 stream of the bare proxy";

const PUBLIC: &str = "/public/orders/42?expand=lines";
