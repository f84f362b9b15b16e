//! The request's head on both sides: read once into `Incoming`, written once from `Forward`.

use http::header::COOKIE;
use http::{HeaderValue, uri};
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use std::net::{Ipv4Addr, SocketAddr};

use crate::app::Snapshot;
use crate::forward::Forward;
use crate::problem::Rejection;
use crate::request::{Incoming, Peer, RawHead};

/// The last sight of what the client wrote.
pub(super) fn parse(session: &Session, snapshot: &Snapshot) -> Result<Incoming, Rejection> {
    let header = session.req_header();
    let address = session
        .client_addr()
        .and_then(|peer| peer.as_inet())
        .map_or_else(|| Ipv4Addr::UNSPECIFIED.into(), SocketAddr::ip);
    let tls = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
    let head = RawHead {
        method: header.method.as_str(),
        target: header.raw_path(),
        fields: &header.headers,
        authority: header.uri.authority().map(uri::Authority::as_str),
    };
    Ok(Incoming::parse(head, Peer { address, tls }, &snapshot.trusted_proxies)?)
}

/// Strips what only the gateway may say, then says it. Runs once a try on a fresh copy of the client's header,
/// after Pingora has removed what the client's `Connection` names.
pub(super) fn write(forward: &Forward, server: &HeaderValue, request: &mut RequestHeader) -> pingora::Result<()> {
    let unwanted: Vec<_> = forward.unwanted(&request.headers).cloned().collect();
    for name in &unwanted {
        request.remove_header(name);
    }
    if request.headers.contains_key(COOKIE) {
        let cookie = forward.cookie(&request.headers);
        request.remove_header(&COOKIE);
        if let Some(cookie) = cookie {
            request.insert_header(COOKIE, cookie)?;
        }
    }
    if let Some(target) = forward.target() {
        request.set_raw_path(target.as_bytes())?;
    }
    for (name, value) in forward.headers(server) {
        request.insert_header(name, value)?;
    }
    Ok(())
}
