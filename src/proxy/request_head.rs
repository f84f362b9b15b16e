//! The request's head on both sides: read once into `Incoming`, written once from `Forward`.

use std::net::{Ipv4Addr, SocketAddr};

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method, request, uri};
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
    if names(session).is_some_and(|names| !names.cover(incoming.host.name())) {
        return Err(RequestError::Misdirected.into());
    }
    Ok(incoming)
}

/// The hosts that may be asked for on a TLS connection: rules for one must not be met under the name of another.
fn names(session: &Session) -> Option<&Names> {
    session.digest()?.ssl_digest.as_ref()?.extension.get()
}

/// Strips what only the gateway may say, then says it. Runs once a try on a fresh copy of the client's header,
/// after Pingora has removed what the client's `Connection` names.
///
/// The header is taken apart and put together again: Pingora's own insertion keeps the case of every name in a second
/// map, at ten times the price. Names go out in lower case, as HTTP/2 has them.
pub(super) fn write(forward: &Forward, server: &HeaderValue, request: &mut RequestHeader) -> pingora::Result<()> {
    let verbatim = verbatim_target(request);
    let header = std::mem::replace(request, RequestHeader::build_no_case(Method::GET, b"/", Some(0))?);
    let mut parts = request::Parts::from(header);
    write_fields(forward, server, &mut parts.headers);
    *request = RequestHeader::from(parts);
    match forward.target().map(str::as_bytes).or(verbatim.as_deref()) {
        Some(target) => request.set_raw_path(target),
        None => Ok(()),
    }
}

/// The target as it came, where the URI does not hold it byte for byte.
fn verbatim_target(request: &RequestHeader) -> Option<Vec<u8>> {
    let held = request.uri.path_and_query().map(|held| held.as_str().as_bytes());
    (held != Some(request.raw_path())).then(|| request.raw_path().to_vec())
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
