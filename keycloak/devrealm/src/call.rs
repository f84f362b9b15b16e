//! A request, read in full.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName};
use http::{HeaderMap, Method, Uri};
use url::form_urlencoded;

use crate::fields::Fields;

/// A request, read in full.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) peer: IpAddr,
}

impl Call {
    /// The path, its percent-signs kept.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The fields of the query.
    pub(crate) fn query(&self) -> Fields {
        Fields::parse(self.uri.query().unwrap_or_default().as_bytes())
    }

    /// The fields of the body, or none when it is no form: Keycloak then misses them one by one.
    pub(crate) fn form(&self) -> Fields {
        let form = self.header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if form { Fields::parse(&self.body) } else { Fields::default() }
    }

    /// The bearer token of the request.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header(AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }

    /// Name and secret of HTTP Basic, each form-encoded before they were joined (RFC 6749 §2.3.1).
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let (scheme, encoded) = self.header(AUTHORIZATION)?.split_once(' ')?;
        let joined = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (name, secret) = joined.split_once(':')?;
        scheme.eq_ignore_ascii_case("basic").then(|| (decoded(name), decoded(secret)))
    }

    /// One cookie of the request.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut pairs = pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// One header, if it is text.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn decoded(part: &str) -> String {
    let lone = format!("v={part}");
    form_urlencoded::parse(lone.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
