//! From a rejection to its response (RFC 9457).

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::{Facts, Rejection};
use crate::request::{Method, RequestError};
use crate::routing::RouteError;

/// A response that says why not.
#[derive(Debug)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// Everything but the framing.
    pub headers: HeaderMap,
    /// The problem document.
    pub body: String,
    /// The label of metrics and logs.
    pub reason: &'static str,
}

/// RFC 9457 §3.1, its members in the order of that section.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
}

impl Problem {
    /// Renders a rejection of the request with that id.
    #[must_use]
    pub fn render(rejection: &Rejection, request_id: &str) -> Self {
        let facts = Facts::from(rejection);
        let document = Document {
            kind: format!("/problems/{}", facts.kind),
            title: facts.title,
            status: facts.status,
            detail: facts.detail,
            instance: request_id,
        };
        Self {
            status: StatusCode::from_u16(facts.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: headers(rejection, &facts, request_id),
            // Strings and a number always serialise.
            body: serde_json::to_string(&document).unwrap_or_default(),
            reason: facts.reason,
        }
    }
}

/// `Allow`, which every 405 carries (RFC 9110 §15.5.6).
fn allowed(rejection: &Rejection) -> Option<&[Method]> {
    match rejection {
        Rejection::Route(RouteError::MethodNotAllowed { allowed }) => Some(allowed),
        Rejection::Request(RequestError::Method) => Some(&Method::ALL),
        _ => None,
    }
}

fn headers(rejection: &Rejection, facts: &Facts, request_id: &str) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let mut put = |name: HeaderName, value: Cow<'static, str>| {
        let value = match value {
            Cow::Borrowed(text) => Ok(HeaderValue::from_static(text)),
            Cow::Owned(text) => HeaderValue::try_from(text),
        };
        if let Ok(value) = value {
            headers.insert(name, value);
        }
    };
    put(X_REQUEST_ID, request_id.to_owned().into());
    if let Some(challenge) = &facts.challenge {
        put(header::WWW_AUTHENTICATE, challenge.header());
    }
    if let Some(seconds) = facts.retry_after {
        put(header::RETRY_AFTER, seconds.to_string().into());
    }
    if let Some(allowed) = allowed(rejection) {
        let names: Vec<&str> = allowed.iter().map(|method| method.name()).collect();
        put(header::ALLOW, names.join(", ").into());
    }
    headers
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
