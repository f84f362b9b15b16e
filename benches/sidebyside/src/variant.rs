//! What is measured: which proxy gets which requests, and what it must answer.

use bench_scene::{Outcome, Provider, spoilt};

/// Which of the two proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Bare,
    Gateway,
}

/// Requests of one kind.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) side: Side,
    pub(crate) requests: Vec<Vec<u8>>,
    pub(crate) status: u16,
    /// Each request is sent only once to a gateway.
    pub(crate) once: bool,
    /// At most so many times the cost of the bare proxy.
    pub(crate) goal: Option<f64>,
}

/// Every variant; the first is what the others are compared with.
pub(crate) struct Variants(Vec<Variant>);

impl Variants {
    pub(crate) fn mint(provider: &Provider, users: usize, fresh: usize) -> Outcome<Self> {
        let mut tokens = provider.mint().tokens(0..users + fresh, users)?;
        let unseen = tokens.split_off(users);
        let carrying = |tokens: &[String]| tokens.iter().map(|token| request(Some(token))).collect();
        let variant =
            |name, requests| Variant { name, side: Side::Gateway, requests, status: 200, once: false, goal: None };
        let spoilt: Vec<String> = tokens.iter().map(|token| spoilt(token)).collect();
        Ok(Self(vec![
            Variant { side: Side::Bare, ..variant(BASE, carrying(&tokens)) },
            Variant { goal: Some(1.25), ..variant("known token", carrying(&tokens)) },
            variant("one token, always the same", carrying(tokens.get(..1).unwrap_or_default())),
            variant("public route", vec![request_to("/public/orders/42?expand=lines", None)]),
            Variant { goal: Some(2.7), once: true, ..variant("token seen for the first time", carrying(&unseen)) },
            Variant { status: 401, ..variant("no token (401)", vec![request(None)]) },
            Variant { status: 401, ..variant("wrong signature (401)", carrying(&spoilt)) },
        ]))
    }

    pub(crate) fn all(&self) -> &[Variant] {
        &self.0
    }

    /// The requests with known tokens, which warm both proxies.
    pub(crate) fn known(&self) -> Outcome<&Variant> {
        Ok(self.0.iter().find(|variant| variant.side == Side::Bare).ok_or("no variant for the bare proxy")?)
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

/// The name of what the others are compared with.
pub(crate) const BASE: &str = "bare Pingora proxy";
