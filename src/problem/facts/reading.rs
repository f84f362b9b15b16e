//! What a request that cannot be read or has no route is told.

use super::Facts;
use crate::listener::HeadError;
use crate::request::RequestError;
use crate::routing::RouteError;

impl From<&HeadError> for Facts {
    fn from(error: &HeadError) -> Self {
        match error {
            HeadError::TooSlow => Self::new(
                408,
                "request-timeout",
                "The request took too long",
                "Send the whole head of the request at once.",
            ),
            HeadError::TooLarge => Self::new(
                431,
                "header-too-large",
                "The head of the request is too large",
                "Send fewer or shorter header fields.",
            ),
            HeadError::TooManyFields => {
                Self::new(431, "header-too-large", "The head of the request is too large", "Send fewer header fields.")
                    .because("too-many-fields")
            }
            HeadError::TooManyConnections => Self::unavailable("too-many-connections", "The gateway is full"),
            HeadError::TooManyOfOneAddress => {
                Self::unavailable("too-many-connections-of-address", "There are too many connections of your address")
            }
            HeadError::NoTls => Self::bad_request("plain-http", "This port speaks HTTPS."),
            HeadError::Http2 => Self::bad_request(
                "malformed-request",
                "An HTTP/2 request has one authority and a path that begins with '/' (RFC 9113 §8.3.1).",
            ),
            HeadError::Scheme => Self::bad_request("scheme", "The scheme is http or https."),
            HeadError::RequestLine => {
                Self::bad_request("request-line", "The request line is not 'METHOD target HTTP/1.1'.")
            }
            HeadError::Version => Self::new(505, "http-version", "The HTTP version is not supported", "Use HTTP/1.1."),
            HeadError::BareLineFeed => Self::bad_request("bare-line-feed", "Every line of the head ends with CR LF."),
            HeadError::Folded => {
                Self::bad_request("folded-field", "A header field stands on one line (RFC 9112 §5.2).")
            }
            HeadError::FieldName => {
                Self::bad_request("field-name", "The name of a header field is not a token (RFC 9110 §5.6.2).")
            }
            HeadError::FieldValue => {
                Self::bad_request("field-value", "The value of a header field holds a control character.")
            }
            HeadError::Host => Self::bad_request("host", "The request names exactly one host."),
            HeadError::Framing => {
                Self::bad_request("framing", "The length of the body is said in exactly one way (RFC 9112 §6).")
            }
            HeadError::Expectation => Self::new(
                417,
                "expectation",
                "The expectation is not supported",
                "Send 'Expect: 100-continue' or no Expect at all.",
            ),
        }
    }
}

impl From<&RequestError> for Facts {
    fn from(error: &RequestError) -> Self {
        match error {
            RequestError::Method => Self::new(
                405,
                "method",
                "The method is not allowed",
                "The gateway carries GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS.",
            )
            .because("unknown-method"),
            RequestError::Target => {
                Self::bad_request("target", "The request target begins with '/' (RFC 9112 §3.2.1).")
            }
            RequestError::Query => {
                Self::bad_request("query", "The query holds visible ASCII only; escape everything else.")
            }
            RequestError::Path(_) => Self::bad_request(
                "path",
                "The path can be read in more than one way: no '.' or '..' segments, no '//', no ';', no backslash, no escapes of letters, digits, '-', '.', '_' or '~'.",
            ),
            RequestError::Host(_) => {
                Self::bad_request("host", "The request names exactly one valid host, without a trailing dot.")
            }
            RequestError::Connection => {
                Self::bad_request("connection", "Connection names hop-by-hop fields only (RFC 9110 §7.6.1).")
            }
            RequestError::Body => Self::bad_request("body", "The body is framed as announced."),
            RequestError::Stalled => {
                Self::new(408, "request-timeout", "The request took too long", "Send the body at once.")
                    .because("stalled")
            }
            RequestError::Misdirected => Self::new(
                421,
                "misdirected",
                "The request came to the wrong place",
                "Connect with the name (SNI) of the host that is asked for (RFC 9110 §15.5.20).",
            ),
            RequestError::Upgrade => {
                Self::bad_request("upgrade", "The only upgrade is a complete WebSocket handshake (RFC 6455 §4.1).")
            }
        }
    }
}

impl From<&RouteError> for Facts {
    fn from(error: &RouteError) -> Self {
        match error {
            RouteError::NotFound => {
                Self::new(404, "no-route", "Nothing is here", "No route of the gateway has this host and path.")
            }
            RouteError::MethodNotAllowed { .. } => Self::new(
                405,
                "method",
                "The method is not allowed",
                "The Allow header lists the methods of this path.",
            ),
        }
    }
}
