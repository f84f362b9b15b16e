//! One server of an upstream.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use http::HeaderValue;

use crate::clock::{Boot, Clock};
use crate::config::ServerUrl;

/// A server with its address of now, and whether it refused connections lately.
#[derive(Debug)]
pub struct Server {
    url: ServerUrl,
    host: HeaderValue,
    place: ArcSwapOption<Place>,
    passed_over_until: AtomicU64,
}

/// An address, written out once for all the log lines that name it.
#[derive(Debug)]
struct Place {
    address: SocketAddr,
    text: Arc<str>,
}

impl Place {
    fn new(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { address, text: address.to_string().into() })
    }
}

impl Server {
    pub(super) fn new(url: ServerUrl) -> Self {
        let fixed = url.host.parse::<IpAddr>().ok().map(|ip| Place::new(SocketAddr::new(ip, url.port)));
        Self { host: host_of(&url), url, place: ArcSwapOption::new(fixed), passed_over_until: AtomicU64::new(0) }
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

    /// Where to connect to; nothing while the name is not resolved.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.place.load().as_ref().map(|place| place.address)
    }

    /// The address as log lines write it.
    #[must_use]
    pub fn address_text(&self) -> Option<Arc<str>> {
        self.place.load().as_ref().map(|place| Arc::clone(&place.text))
    }

    /// Whether it may be tried: it did not refuse a connection within the last seconds.
    #[must_use]
    pub fn looks_up(&self, clock: &Clock) -> bool {
        clock.boot() >= Boot::from_nanos(self.passed_over_until.load(Ordering::Acquire))
    }

    /// It refused a connection: others are tried first for a while.
    pub(super) fn refused(&self, clock: &Clock) {
        self.passed_over_until.store(clock.boot().plus(REST).as_nanos(), Ordering::Release);
    }

    /// Looks the name up again. An old address is kept while the name cannot be resolved.
    pub(super) async fn resolve(&self) {
        if self.url.host.parse::<IpAddr>().is_ok() {
            return;
        }
        let lookup = tokio::net::lookup_host((self.url.host.as_str(), self.url.port));
        if let Ok(Ok(mut found)) = tokio::time::timeout(LOOKUP, lookup).await
            && let Some(address) = found.next()
        {
            self.place.store(Some(Place::new(address)));
        }
    }
}

/// The port is left out where the scheme says it (RFC 9110 §4.2).
fn host_of(url: &ServerUrl) -> HeaderValue {
    let name = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    let plain = url.port == if url.tls { 443 } else { 80 };
    let text = if plain { name } else { format!("{name}:{}", url.port) };
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

const REST: Duration = Duration::from_secs(2);
const LOOKUP: Duration = Duration::from_secs(2);
