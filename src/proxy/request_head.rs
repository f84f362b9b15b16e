//! The request's head on both sides: read once into `Incoming`, written once from `Forward`.

use std::net::{Ipv4Addr, SocketAddr};

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, request, uri};
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use crate::app::Snapshot;
use crate::forward::Forward;
use crate::listener::Names;
use crate::problem::Rejection;
use crate::request::{Incoming, Peer, RawHead, RequestError};

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
    let incoming = Incoming::parse(head, Peer { address, tls }, &snapshot.trusted_proxies)?;
    let is_covered = match names(session) {
        Some(names) => names.cover(incoming.host.name()),
        None => !tls,
    };
    if !is_covered {
        return Err(RequestError::Misdirected.into());
    }
    Ok(incoming)
}

/// The hosts that may be asked for on a TLS connection: rules for one must not be met under the name of another.
fn names(session: &Session) -> Option<&Names> {
    session.digest()?.ssl_digest.as_ref()?.extension.get()
}

/// Forgets in which case the names of the fields came. Pingora keeps it in a second map, and would copy that for each
/// try; without it names go out in a spelling of its own.
pub(super) fn forget_case(session: &mut Session) {
    let header = session.req_header_mut();
    if header.has_case() {
        rebuild(header, |_| {});
    }
}

/// Strips what only the gateway may say, then says it. Runs once a try on a fresh copy of the client's header,
/// after Pingora has removed what the client's `Connection` names.
pub(super) fn write(forward: &Forward, server: &HeaderValue, request: &mut RequestHeader) -> pingora::Result<()> {
    rebuild(request, |fields| write_fields(forward, server, fields));
    forward.target().map_or(Ok(()), |target| request.set_raw_path(target.as_bytes()))
}

/// Takes a header apart, and puts it together again with other fields: Pingora's own insertion reads every name anew, at
/// ten times the price. The target stays, as the URI holds one in origin form byte for byte; others are refused before.
fn rebuild(header: &mut RequestHeader, change: impl FnOnce(&mut HeaderMap)) {
    let (nothing, ()) = http::Request::new(()).into_parts();
    let mut parts = request::Parts::from(std::mem::replace(header, nothing.into()));
    change(&mut parts.headers);
    *header = parts.into();
}

fn write_fields(forward: &Forward, server: &HeaderValue, fields: &mut HeaderMap) {
    let unwanted: Vec<_> = forward.unwanted(fields).cloned().collect();
    for name in &unwanted {
        fields.remove(name);
    }
    if fields.contains_key(COOKIE) {
        let cookie = forward.cookie(fields);
        fields.remove(COOKIE);
        fields.extend(cookie.map(|cookie| (COOKIE, cookie)));
    }
    fields.reserve(OURS);
    for (name, value) in forward.headers(server) {
        fields.insert(name, value);
    }
}

/// The fields that the gateway sends with a signed-in request.
const OURS: usize = 11;
