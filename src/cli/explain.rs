//! `doorward explain`: what the gateway would do with a request, and why.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use clap::Args;
use http::header::HOST;
use http::{HeaderMap, HeaderValue};

use super::explanation::{Explanation, Judgement};
use super::pipe::Pipe;
use super::whom::Whom;
use super::{block_on, say, sentence};
use crate::app;
use crate::config::Settings;
use crate::listener;
use crate::problem::Rejection;
use crate::request::{Incoming, Peer, RawHead, TrustedProxies};
use crate::store::Username;

/// Say which route holds for a request, and whether a user may enter it.
#[derive(Args, Debug)]
pub struct Explain {
    /// The method.
    #[arg(long, default_value = "GET")]
    method: String,
    /// The host, where routes have hosts.
    #[arg(long, default_value = "localhost")]
    host: String,
    /// The path as the client sends it; a query may follow.
    #[arg(long)]
    path: String,
    /// The user, by name; without one, the request of nobody is explained.
    #[arg(long, value_parser = Username::mirror)]
    user: Option<Username>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Explains from the configuration and the users database; asks nobody else.
pub fn run(explain: &Explain, mut settings: Settings) -> ExitCode {
    let routes = match app::routes(std::mem::take(&mut settings.routes), &settings.auth) {
        Ok(routes) => routes,
        Err(error) => return failed(&error),
    };
    let whom = match block_on(Whom::look_up(explain.user.clone(), &settings)) {
        Ok(Ok(whom)) => whom,
        Ok(Err(error)) => return failed(&error),
        Err(error) => return failed(&error),
    };
    let judgement = Judgement { routes: &routes, settings: &settings, whom: &whom };
    let explanation = match explain.incoming() {
        Ok(incoming) => judgement.of(&incoming),
        Err(rejection) => Explanation::unreadable(&rejection),
    };
    let text = if explain.json { format!("{}\n", explanation.json()) } else { explanation.text() };
    match Pipe::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

impl Explain {
    /// The request, read as the gateway reads it: first as bytes, then by its parts.
    fn incoming(&self) -> Result<Incoming, Rejection> {
        let Self { method, path, host, .. } = self;
        listener::check_head(format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes())?;
        let mut fields = HeaderMap::new();
        if let Ok(host) = HeaderValue::from_str(&self.host) {
            fields.insert(HOST, host);
        }
        let head = RawHead { method: &self.method, target: self.path.as_bytes(), fields: &fields, authority: None };
        let peer = Peer { address: Ipv4Addr::LOCALHOST.into(), tls: false };
        Ok(Incoming::parse(head, peer, &TrustedProxies::default())?)
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    say(&sentence(error));
    ExitCode::FAILURE
}
