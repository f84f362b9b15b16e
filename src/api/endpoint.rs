//! One endpoint of the gateway: everything that is known of it, in one place.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use utoipa::openapi::{RefOr, schema::Schema};

use super::{Call, Parts, Reply};
use crate::policy::Rule;
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
    pub rule: Rule,
    /// One line of what it does.
    pub summary: &'static str,
    /// The body it takes.
    pub request: Option<fn() -> RefOr<Schema>>,
    /// The body it answers with.
    pub response: fn() -> RefOr<Schema>,
    /// The refusals beside those of its rule: status and what it means.
    pub refusals: &'static [(u16, &'static str)],
    /// What it does.
    pub handler: fn(Arc<Parts>, Call) -> Answering,
}
