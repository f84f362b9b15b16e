//! One server of an upstream: an address that requests go to.

use std::net::SocketAddr;
use std::sync::Arc;

use http::HeaderValue;

use super::condition::Condition;
use crate::config::ServerUrl;

/// A server at one address of a URL, and what is known of its condition.
#[derive(Debug)]
pub struct Server {
    url: ServerUrl,
    host: HeaderValue,
    address: SocketAddr,
    text: Arc<str>,
    pub(super) condition: Condition,
}

impl Server {
    pub(super) fn new(url: ServerUrl, address: SocketAddr) -> Self {
        let (host, text) = (host_of(&url), address.to_string().into());
        Self { host, url, address, text, condition: Condition::default() }
    }

    /// Scheme, host and port as configured.
    #[must_use]
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// The `Host` of this server, for routes with `upstream_host = "upstream"`.
    #[must_use]
    pub fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// Where to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as log lines and metrics write it.
    #[must_use]
    pub fn address_text(&self) -> &Arc<str> {
        &self.text
    }
}

/// The port is left out where the scheme says it (RFC 9110 §4.2).
fn host_of(url: &ServerUrl) -> HeaderValue {
    let name = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    let plain = url.port == if url.tls { 443 } else { 80 };
    let text = if plain { name } else { format!("{name}:{}", url.port) };
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
