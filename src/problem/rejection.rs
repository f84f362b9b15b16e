//! Why a request is not answered by what it asked for: the sum of the steps' errors.

use std::sync::Arc;

use uuid::Uuid;

use crate::api::ApiError;
use crate::forward::ForwardError;
use crate::identity::ProveError;
use crate::keycloak::KeycloakError;
use crate::listener::HeadError;
use crate::policy::Denial;
use crate::request::{CredentialError, RequestError};
use crate::rights::EnrichError;
use crate::routing::RouteError;
use crate::standing::Death;
use crate::upstream::UpstreamError;

/// Who was refused, for the log.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The issuer's identifier.
    pub subject: Arc<str>,
    /// Ours.
    pub user: Uuid,
}

/// Every way in which a request can be refused or fail.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The raw head of the request is doubtful, too large or too slow.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The request cannot be read in one way only.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No route.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// No usable credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The credential proves nothing, or nothing could be asked.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The users database does not let the subject in, or did not answer.
    #[error(transparent)]
    Enrich(#[from] EnrichError),
    /// What was proven is not true any more.
    #[error(transparent)]
    Dead(#[from] Death),
    /// This node has not heard of changes for too long.
    #[error("this node has not been able to read the change log")]
    Blind,
    /// Keycloak must be asked about the token, and could not be.
    #[error("Keycloak could not be asked about the token")]
    Unasked(#[source] Arc<KeycloakError>),
    /// Changes overtook every read of the rights.
    #[error("the rights changed faster than they could be read")]
    Unsettled,
    /// A requirement of the route is not met.
    #[error("{0}")]
    Denied(Denial, Caller),
    /// The request cannot be forwarded as it is.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// The upstream did not answer.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// An endpoint of ours refuses.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A defect of the gateway.
    #[error("an internal error")]
    Internal,
}
