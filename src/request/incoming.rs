//! Everything a decision may look at, read once from the raw header and owned.

use std::fmt;
use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_LENGTH, HeaderMap,
    HeaderName, ORIGIN,
};

use super::origin::Hearsay;
use super::{CanonicalPath, Client, Host, HostError, Method, PathError, Peer, Presented, TrustedProxies};
use crate::id;

/// A request as the decisions see it. No header map: what is not in here decides nothing.
#[derive(Clone)]
pub struct Incoming {
    /// The name of this request in logs and answers.
    pub id: Arc<str>,
    /// The method.
    pub method: Method,
    /// The host that the request names.
    pub host: Host,
    /// The path that is judged and sent.
    pub path: CanonicalPath,
    /// The query without `?`, as it came; data, never judged.
    pub query: Option<String>,
    /// What the client presents to be known by.
    pub presented: Presented,
    /// Who the client is on the network.
    pub client: Client,
    /// `Origin`, where a browser sent one.
    pub origin: Option<String>,
    /// What a CORS preflight asks about.
    pub preflight: Option<Preflight>,
    /// Whether the client asks for a WebSocket (RFC 6455 §4.1).
    pub websocket: bool,
    /// The length of the body, where it is announced.
    pub body_length: Option<u64>,
}

/// Without what is personal or secret.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("host", &self.host)
            .field("path", &self.path)
            .field("presented", &self.presented)
            .finish_non_exhaustive()
    }
}

/// What a browser asks before it calls from another origin (WHATWG Fetch, CORS preflight).
#[derive(Clone, Debug)]
pub struct Preflight {
    /// The method it wants to use.
    pub method: Method,
    /// The fields it wants to send, as it lists them.
    pub headers: Option<String>,
}

/// Why a request cannot be read in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A method that the gateway does not carry.
    #[error("the method is not one that the gateway carries")]
    Method,
    /// The target is not in origin form (RFC 9112 §3.2.1), or it is absolute and names another host.
    #[error("the request target is not an absolute path")]
    Target,
    /// The query holds a control character, a space, a fragment or bytes beyond ASCII.
    #[error("the query holds a character that has no place in a request target")]
    Query,
    /// See [`PathError`].
    #[error(transparent)]
    Path(#[from] PathError),
    /// See [`HostError`].
    #[error(transparent)]
    Host(#[from] HostError),
    /// `Connection` names a field that frames, routes or traces the request.
    #[error("the Connection field names a field that is not hop-by-hop")]
    Connection,
    /// The body is not framed as announced, or broke off.
    #[error("the request body broke off")]
    Body,
    /// The client was silent for too long in the middle of its body.
    #[error("the request body did not arrive in time")]
    Stalled,
    /// A host that the certificate of the connection does not stand for.
    #[error("the host is none of this connection's certificate")]
    Misdirected,
    /// `Upgrade` of another protocol, or a WebSocket handshake that is not complete.
    #[error("the upgrade is not a WebSocket handshake")]
    Upgrade,
}

/// The raw request line and fields, as the HTTP library read them.
#[derive(Clone, Copy)]
pub struct RawHead<'a> {
    /// The method.
    pub method: &'a str,
    /// The request target, byte for byte.
    pub target: &'a [u8],
    /// The fields.
    pub fields: &'a HeaderMap,
    /// `:authority` of HTTP/2, where there is one.
    pub authority: Option<&'a str>,
}

/// Without what is personal or secret.
impl fmt::Debug for RawHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawHead").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Incoming {
    /// The last sight of raw headers.
    pub fn parse(head: RawHead<'_>, peer: Peer, trusted: &TrustedProxies) -> Result<Self, RequestError> {
        let method = Method::from_name(head.method).ok_or(RequestError::Method)?;
        let host = host(&head)?;
        let (path, query) = target(head.target)?;
        let path = CanonicalPath::parse(path)?;
        let believed = trusted.trusts(peer.address);
        Ok(Self {
            id: request_id(head.fields, believed),
            client: Client::tell(peer, &host, hearsay(head.fields, believed), trusted),
            presented: Presented::read(head.fields.get_all(AUTHORIZATION).iter(), query),
            origin: text(head.fields, &ORIGIN).map(str::to_owned),
            preflight: preflight(method, head.fields),
            websocket: websocket(method, head.fields)?,
            body_length: text(head.fields, &CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            query: query.map(str::to_owned),
            method,
            host,
            path,
        })
    }
}

fn host(head: &RawHead<'_>) -> Result<Host, RequestError> {
    let mut fields = head.fields.get_all(http::header::HOST).iter();
    let (field, second) = (fields.next(), fields.next());
    if second.is_some() {
        return Err(HostError::Several.into());
    }
    let field = field.map(|value| value.to_str().map_err(|_| HostError::Malformed)).transpose()?;
    match (field, head.authority) {
        (Some(field), Some(authority)) if !field.eq_ignore_ascii_case(authority) => Err(HostError::Several.into()),
        (Some(name), _) | (None, Some(name)) => Ok(Host::parse(name)?),
        (None, None) => Err(HostError::Missing.into()),
    }
}

/// Path and query of a target in origin form.
fn target(target: &[u8]) -> Result<(&str, Option<&str>), RequestError> {
    if target.first() != Some(&b'/') {
        return Err(RequestError::Target);
    }
    let end = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
    let (path, query) = target.split_at(end);
    if !query.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#') {
        return Err(RequestError::Query);
    }
    let wrong = path.iter().find(|byte| !byte.is_ascii());
    let path = std::str::from_utf8(path).map_err(|_| PathError::Byte(wrong.copied().unwrap_or_default()))?;
    let query = std::str::from_utf8(query).map_err(|_| RequestError::Query)?;
    Ok((path, query.strip_prefix('?')))
}

/// Kept from trusted proxies where it is short and harmless; else made here.
fn request_id(fields: &HeaderMap, believed: bool) -> Arc<str> {
    let harmless = |id: &&str| {
        (1..=128).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte))
    };
    believed.then(|| text(fields, &X_REQUEST_ID)).flatten().filter(harmless).map_or_else(id::request_id, Arc::from)
}

fn hearsay(fields: &HeaderMap, believed: bool) -> Hearsay<'_> {
    if !believed {
        return Hearsay::default();
    }
    Hearsay {
        forwarded_for: joined(fields, &X_FORWARDED_FOR),
        proto: text(fields, &X_FORWARDED_PROTO),
        host: text(fields, &X_FORWARDED_HOST),
    }
}

/// The one value of a field; nothing where it is missing, repeated or not ASCII.
fn text<'a>(fields: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = fields.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Every value of a list field in order (RFC 9110 §5.3): a proxy may continue the list on a line of its own.
fn joined(fields: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Result<Vec<&str>, _> = fields.get_all(name).iter().map(http::HeaderValue::to_str).collect();
    values.ok().filter(|values| !values.is_empty()).map(|values| values.join(","))
}

fn preflight(method: Method, fields: &HeaderMap) -> Option<Preflight> {
    if method != Method::Options || !fields.contains_key(ORIGIN) {
        return None;
    }
    let method = Method::from_name(text(fields, &ACCESS_CONTROL_REQUEST_METHOD)?)?;
    let headers = text(fields, &ACCESS_CONTROL_REQUEST_HEADERS).map(str::to_owned);
    Some(Preflight { method, headers })
}

/// Whether a complete handshake is asked for; any other upgrade is refused rather than dropped in silence.
fn websocket(method: Method, fields: &HeaderMap) -> Result<bool, RequestError> {
    let Some(upgrade) = fields.get(http::header::UPGRADE) else { return Ok(false) };
    let names = |name: &HeaderName, token: &str| {
        fields
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    if !names(&http::header::CONNECTION, "upgrade") {
        // Not addressed to us (RFC 9110 §7.8); it is dropped as a hop-by-hop field.
        return Ok(false);
    }
    let complete = upgrade.as_bytes().eq_ignore_ascii_case(b"websocket")
        && method == Method::Get
        && text(fields, &http::header::SEC_WEBSOCKET_VERSION) == Some("13")
        && text(fields, &http::header::SEC_WEBSOCKET_KEY).is_some()
        && !has_body(fields);
    if complete { Ok(true) } else { Err(RequestError::Upgrade) }
}

/// A handshake with a body could smuggle a request past an upstream that takes it for the head alone.
fn has_body(fields: &HeaderMap) -> bool {
    fields.contains_key(CONTENT_LENGTH) || fields.contains_key(http::header::TRANSFER_ENCODING)
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: &str, target: &str, fields: &[(&str, &str)]) -> Result<Incoming, RequestError> {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let head = RawHead { method, target: target.as_bytes(), fields: &map, authority: None };
        let peer = Peer { address: [127, 0, 0, 1].into(), tls: false };
        Incoming::parse(head, peer, &TrustedProxies::default())
    }

    const HOST: (&str, &str) = ("host", "app.test");

    #[test]
    fn a_request_is_read_into_owned_values() {
        let incoming = parse("GET", "/a/b?x=[1]&y", &[HOST, ("authorization", "Bearer t")]).unwrap();
        assert_eq!(incoming.path.as_str(), "/a/b");
        assert_eq!(incoming.query.as_deref(), Some("x=[1]&y"));
        assert!(matches!(incoming.presented, Presented::One(_)));
    }

    #[test]
    fn doubtful_requests_are_refused() {
        assert_eq!(parse("get", "/", &[HOST]).unwrap_err(), RequestError::Method);
        assert_eq!(parse("TRACE", "/", &[HOST]).unwrap_err(), RequestError::Method);
        assert_eq!(parse("GET", "*", &[HOST]).unwrap_err(), RequestError::Target);
        assert_eq!(parse("GET", "http://app.test/", &[HOST]).unwrap_err(), RequestError::Target);
        assert_eq!(parse("GET", "/a?b#c", &[HOST]).unwrap_err(), RequestError::Query);
        assert_eq!(parse("GET", "/", &[]).unwrap_err(), RequestError::Host(HostError::Missing));
        assert_eq!(parse("GET", "/", &[HOST, HOST]).unwrap_err(), RequestError::Host(HostError::Several));
        let h2c = [HOST, ("connection", "upgrade"), ("upgrade", "h2c")];
        assert_eq!(parse("GET", "/", &h2c).unwrap_err(), RequestError::Upgrade);
    }

    #[test]
    fn a_handshake_has_no_body() {
        let handshake = [
            HOST,
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "x3JJHMbDL1EzLkh9GBhXDw=="),
        ];
        assert!(parse("GET", "/", &handshake).unwrap().websocket);
        for body in [("content-length", "40"), ("content-length", "0"), ("transfer-encoding", "chunked")] {
            let with_body: Vec<_> = handshake.into_iter().chain([body]).collect();
            assert_eq!(parse("GET", "/", &with_body).unwrap_err(), RequestError::Upgrade);
        }
    }

    #[test]
    fn the_request_id_of_a_stranger_is_not_kept() {
        assert_ne!(parse("GET", "/", &[HOST, ("x-request-id", "mine")]).unwrap().id.as_ref(), "mine");
    }
}
