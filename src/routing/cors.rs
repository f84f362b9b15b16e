//! Which origins a browser may call a route from (WHATWG Fetch, CORS protocol).

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, VARY,
};
use http::{HeaderName, HeaderValue};

use super::Methods;
use crate::request::{Incoming, Method, Preflight};

/// What a response says to a browser, on a route that has `cors_origins`.
#[derive(Clone, Debug)]
pub struct Cors {
    allowed: Option<HeaderValue>,
}

impl Cors {
    /// Nothing where the route has no origins: then nothing is added, and an upstream's own answer passes.
    #[must_use]
    pub fn judge(origins: &[String], incoming: &Incoming) -> Option<Self> {
        if origins.is_empty() {
            return None;
        }
        let origin = incoming.origin.as_ref().filter(|origin| origins.contains(origin));
        Some(Self { allowed: origin.and_then(|origin| HeaderValue::try_from(origin).ok()) })
    }

    /// The fields of an ordinary response, refusals too.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let allowed = self.allowed.iter().flat_map(|origin| {
            [
                (ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
                (ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
                (
                    ACCESS_CONTROL_EXPOSE_HEADERS,
                    HeaderValue::from_static("WWW-Authenticate, Retry-After, X-Request-Id, ETag, Location"),
                ),
            ]
        });
        std::iter::once((VARY, HeaderValue::from_static("Origin"))).chain(allowed)
    }

    /// The fields of the answer to a preflight.
    pub fn preflight(&self, methods: &Methods, asked: &Preflight) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let names: Vec<&str> =
            Method::ALL.into_iter().filter(|method| methods.contains(*method)).map(Method::name).collect();
        let headers = asked.headers.as_deref().and_then(|headers| HeaderValue::from_str(headers).ok());
        let allowed = self.allowed.iter().flat_map(move |origin| {
            [
                (ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
                (ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
                (
                    ACCESS_CONTROL_ALLOW_METHODS,
                    HeaderValue::try_from(names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("GET")),
                ),
                (
                    ACCESS_CONTROL_ALLOW_HEADERS,
                    headers.clone().unwrap_or_else(|| HeaderValue::from_static("Authorization, Content-Type")),
                ),
                (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
            ]
        });
        std::iter::once((VARY, HeaderValue::from_static("Origin"))).chain(allowed)
    }

    /// Whether a field of an upstream's response is the gateway's to write on such a route.
    #[must_use]
    pub fn owns(name: &HeaderName) -> bool {
        name.as_str().starts_with("access-control-")
    }
}
