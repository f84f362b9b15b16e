//! A response before it is sent, in the shapes that Keycloak uses.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION, PRAGMA, SET_COOKIE};
use serde_json::{Value, json};

/// A response before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A status and nothing else.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// Any bytes.
    pub(crate) fn bytes(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![(CONTENT_TYPE, content_type.to_owned())], body: body.into() }
    }

    /// JSON.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::bytes(status, "application/json", value.to_string())
    }

    /// A page for a browser.
    pub(crate) fn page(status: u16, html: String) -> Self {
        Self::bytes(status, "text/html;charset=utf-8", html)
            .header(CACHE_CONTROL, "no-store, must-revalidate, max-age=0")
    }

    /// Tokens and what is said about them (RFC 6749 §5.1).
    pub(crate) fn tokens(value: &Value) -> Self {
        Self::json(200, value).header(CACHE_CONTROL, "no-store").header(PRAGMA, "no-cache")
    }

    /// An error of the protocol endpoints (RFC 6749 §5.2).
    pub(crate) fn oauth(status: u16, error: &str, description: &str) -> Self {
        Self::tokens(&json!({ "error": error, "error_description": description })).with_status(status)
    }

    /// An error as the Admin API and the outer surface word it.
    pub(crate) fn error(status: u16, error: &str) -> Self {
        Self::json(status, &json!({ "error": error }))
    }

    /// The error that names a broken rule of the user's data.
    pub(crate) fn message(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "errorMessage": message }))
    }

    /// The answer to a method that the path does not have.
    pub(crate) fn wrong_method() -> Self {
        Self::error(405, "HTTP 405 Method Not Allowed")
    }

    /// The answer to a path that a realm does not have.
    pub(crate) fn not_found() -> Self {
        Self::error(404, "HTTP 404 Not Found")
    }

    /// The answer to a path outside all realms.
    pub(crate) fn outside() -> Self {
        Self::error(404, "Unable to find matching target resource method")
    }

    /// Sends a browser elsewhere.
    pub(crate) fn redirect(location: &str) -> Self {
        Self::empty(302).header(LOCATION, location).header(CACHE_CONTROL, "no-store, must-revalidate, max-age=0")
    }

    /// The same answer under another status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same answer with one header more.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The same answer with a cookie of the realm; `Secure` and `SameSite=None` even over http, as Keycloak sends them.
    pub(crate) fn cookie(self, name: &str, value: &str, realm: &str) -> Self {
        self.header(SET_COOKIE, &format!("{name}={value};Path=/realms/{realm}/;Secure;HttpOnly;SameSite=None"))
    }
}
