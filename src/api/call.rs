//! What a handler gets and gives.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use uuid::Uuid;

use crate::clock::Boot;
use crate::policy::Grant;
use crate::problem::Rejection;
use crate::request::Incoming;
use crate::standing::Live;

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
    /// When the request came: what a client waits for is counted from here.
    pub arrived: Boot,
}

/// What an endpoint answers.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Everything but the framing.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whom it is about, for the log, where the route did not tell.
    pub about: Option<About>,
}

/// Without what is personal or secret.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("about", &self.about).finish_non_exhaustive()
    }
}

/// Somebody who became known while an endpoint answered.
#[derive(Clone, Debug)]
pub struct About {
    /// The issuer's identifier.
    pub subject: Arc<str>,
    /// Ours, where it was looked up.
    pub user: Option<Uuid>,
}

impl Reply {
    /// 200 with JSON that no cache may keep.
    pub fn json(value: &impl Serialize) -> Result<Self, Rejection> {
        let body = serde_json::to_vec(value).map_err(|_| Rejection::Internal)?;
        let mut headers = private();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self { status: StatusCode::OK, headers, body: body.into(), about: None })
    }

    /// 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: private(), body: Bytes::new(), about: None }
    }

    /// Says whom it is about.
    #[must_use]
    pub fn about(self, live: &Live) -> Self {
        let principal = live.principal();
        let subject = Arc::clone(principal.identity().subject().sub());
        Self { about: Some(About { subject, user: Some(principal.account().id()) }), ..self }
    }

    /// Says whose session it is about.
    #[must_use]
    pub fn about_subject(self, subject: &Arc<str>) -> Self {
        Self { about: Some(About { subject: Arc::clone(subject), user: None }), ..self }
    }
}

fn private() -> HeaderMap {
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    headers.into_iter().collect()
}
