//! One endpoint of the gateway: everything that is known of it, in one place.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use utoipa::openapi::{RefOr, schema::Schema};

use super::parts::Desk;
use super::{Access, Call, Reply};
use crate::problem::Rejection;
use crate::request::Method;

/// What a handler returns.
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Reply, Rejection>> + Send>>;

/// An endpoint. The table of them makes the routes, the dispatch and the OpenAPI document.
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path under the prefix.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// One line of what it does.
    pub summary: &'static str,
    /// The body it takes.
    pub request: Option<fn() -> RefOr<Schema>>,
    /// The body it answers with; without one it answers 204.
    pub response: Option<fn() -> RefOr<Schema>>,
    /// The refusals beside those of its rule: status and what it means.
    pub refusals: &'static [(u16, &'static str)],
    /// What it does.
    pub(super) handler: fn(Arc<Desk>, Call) -> Answering,
}
