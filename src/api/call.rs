//! What a handler gets and gives.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::policy::Grant;
use crate::problem::Rejection;
use crate::request::Incoming;

/// A request that was admitted to an endpoint. Never printed: the body may hold a password.
pub struct Call {
    /// The request as it was judged.
    pub incoming: Incoming,
    /// The leave it has.
    pub grant: Grant,
    /// `Content-Type`.
    pub content_type: Option<HeaderValue>,
    /// The whole body.
    pub body: Bytes,
}

/// What an endpoint answers.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Everything but the framing.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// 200 with JSON that no cache may keep.
    pub fn json(value: &impl Serialize) -> Result<Self, Rejection> {
        let body = serde_json::to_vec(value).map_err(|_| Rejection::Internal)?;
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        Ok(Self { status: StatusCode::OK, headers: headers.into_iter().collect(), body: body.into() })
    }
}
