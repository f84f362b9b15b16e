//! From an admission to a `Forward`: where to, which path, which headers.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, EXPECT, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::cookies;
use super::{ForwardError, IdentityHeaders, is_ours};
use crate::gateway::Admission;
use crate::request::{Client, Host, Incoming};
use crate::routing::{UpstreamHost, UpstreamTarget};

/// A request that may be sent, and exactly how. Made in `forward` alone.
#[derive(Debug)]
pub struct Forward {
    upstream: Arc<str>,
    target: Option<String>,
    host: Option<Host>,
    client: Client,
    request_id: Arc<str>,
    websocket: bool,
    identity: Option<IdentityHeaders>,
    forward_token: bool,
    timeout: Duration,
    max_body: Option<u64>,
}

impl Forward {
    /// Plans how an admitted request is carried to its upstream.
    pub fn plan(admission: &Admission, target: &UpstreamTarget, incoming: Incoming) -> Result<Self, ForwardError> {
        Self::check(target, &incoming)?;
        Ok(Self {
            upstream: Arc::clone(&target.upstream),
            target: target.strip_prefix.as_deref().map(|prefix| stripped(&incoming, prefix)),
            host: match target.upstream_host {
                UpstreamHost::Keep => Some(incoming.host),
                UpstreamHost::Upstream => None,
            },
            client: incoming.client,
            request_id: incoming.id,
            websocket: incoming.websocket,
            identity: IdentityHeaders::of(admission.grant()),
            forward_token: target.forward_token && admission.grant().principal().is_some(),
            timeout: target.timeout,
            max_body: target.max_body,
        })
    }

    /// Whether a route carries a request, whoever sends it.
    pub fn check(target: &UpstreamTarget, incoming: &Incoming) -> Result<(), ForwardError> {
        if incoming.path.has_encoded_slash() && !target.encoded_slash {
            return Err(ForwardError::EncodedSlash);
        }
        if incoming.websocket && !target.websocket {
            return Err(ForwardError::Upgrade);
        }
        if target.max_body.zip(incoming.body_length).is_some_and(|(most, announced)| announced > most) {
            return Err(ForwardError::TooLarge);
        }
        Ok(())
    }

    /// The name of the upstream.
    #[must_use]
    pub fn upstream(&self) -> &Arc<str> {
        &self.upstream
    }

    /// The target to send, where it is not the one that came.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// Whether it asks for a WebSocket.
    #[must_use]
    pub fn is_websocket(&self) -> bool {
        self.websocket
    }

    /// How long the upstream may be silent.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The largest request body in bytes.
    #[must_use]
    pub fn max_body(&self) -> Option<u64> {
        self.max_body
    }

    /// The names of the client's fields that are not sent on.
    pub fn unwanted<'a>(&self, fields: &'a HeaderMap) -> impl Iterator<Item = &'a HeaderName> {
        let keep_token = self.forward_token;
        let met = |name: &HeaderName| *name == EXPECT;
        fields.keys().filter(move |name| is_ours(name.as_str()) || met(name) || (*name == AUTHORIZATION && !keep_token))
    }

    /// The `Cookie` fields to send: joined to one, without the gateway's own.
    #[must_use]
    pub fn cookie(&self, fields: &HeaderMap) -> Option<HeaderValue> {
        let kept: Vec<HeaderValue> = fields.get_all(COOKIE).iter().filter_map(cookies::without_ours).collect();
        match kept.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            several => {
                HeaderValue::from_bytes(&several.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b"; "[..]))
                    .ok()
            }
        }
    }

    /// The fields that the gateway sends, each exactly once; `server` is the host of the chosen server's URL.
    pub fn headers<'a>(&'a self, server: &'a HeaderValue) -> impl Iterator<Item = (HeaderName, HeaderValue)> + 'a {
        let host = self.host.as_ref().map_or_else(|| server.clone(), |host| value(host.as_str()));
        let named =
            if host.as_bytes() == self.client.host.as_bytes() { host.clone() } else { value(&self.client.host) };
        let own = [
            (HOST, host),
            (X_FORWARDED_FOR, value(&self.client.forwarded_for)),
            (X_FORWARDED_PROTO, HeaderValue::from_static(self.client.proto.name())),
            (X_FORWARDED_HOST, named),
            (X_REQUEST_ID, value(&self.request_id)),
        ];
        let identity = self.identity.iter().flat_map(IdentityHeaders::iter);
        own.into_iter().chain(identity.map(|(name, value)| (name, value.clone())))
    }
}

/// The path behind the prefix, with the query; at least `/`. Segments are counted, not compared: the router has
/// matched them, and it takes every spelling of an escape.
fn stripped(incoming: &Incoming, prefix: &str) -> String {
    let rest: Vec<&str> = incoming.path.segments().skip(prefix.matches('/').count()).collect();
    let rest = rest.join("/");
    match &incoming.query {
        Some(query) => format!("/{rest}?{query}"),
        None => format!("/{rest}"),
    }
}

/// Hosts, addresses and request ids were read into visible ASCII.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
