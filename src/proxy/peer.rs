//! From a server to what Pingora connects to.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use pingora::prelude::HttpPeer;

use super::road::Road;
use crate::upstream::{Server, Upstream};

/// The peer of a server, every time-out set. TLS is always verified against the server's own name.
pub(super) fn of(upstream: &Upstream, server: &Server, timeout: Duration) -> HttpPeer {
    let settings = upstream.settings();
    let mut peer = HttpPeer::new(server.address(), server.url().tls, server.url().host.clone());
    peer.options.connection_timeout = Some(settings.connect_timeout);
    peer.options.total_connection_timeout = Some(settings.connect_timeout);
    peer.options.read_timeout = Some(timeout);
    peer.options.write_timeout = Some(settings.write_timeout);
    peer.options.idle_timeout = Some(settings.idle_timeout);
    if settings.http2 {
        // By ALPN over TLS, and without TLS by prior knowledge (RFC 9113 §3.3). Who chooses no protocol by ALPN is spoken to
        // in HTTP/1.1 by Pingora, and refused where the request is written.
        peer.options.set_http_version(2, 2);
        peer.options.max_h2_streams = MAX_STREAMS;
    }
    if server.url().tls {
        peer.group_key = key(upstream, "");
    }
    peer
}

/// The same for a request that may open a WebSocket.
pub(super) fn for_websocket(upstream: &Upstream, server: &Server, timeout: Duration) -> HttpPeer {
    let mut peer = of(upstream, server, timeout);
    peer.options.custom_l4 = Some(Arc::new(Road));
    // One that is not upgraded is not kept: Pingora could not tell it from another.
    peer.options.idle_timeout = Some(Duration::ZERO);
    peer.group_key = key(upstream, "websocket");
    peer
}

/// Pooled connections are told apart by address, name and this key: two upstreams never share one with TLS on it, nor two
/// uses of one upstream any.
fn key(upstream: &Upstream, for_what: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&upstream.settings().name, for_what).hash(&mut hasher);
    hasher.finish()
}

/// Requests at once on one connection to an upstream that speaks HTTP/2.
const MAX_STREAMS: usize = 100;
