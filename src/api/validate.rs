//! `POST /auth/token/validate`: whether a token would pass here now, and whose it is (the shape of RFC 7662).

use std::sync::Arc;

use serde::Deserialize;
use utoipa::{PartialSchema, ToSchema};

use super::access::Access;
use super::caller::Caller;
use super::endpoint::Answering;
use super::parts::Desk;
use super::refresh_token::UnverifiedRefreshToken;
use super::validation::{Validation, inactive};
use super::{ApiError, Call, Endpoint, Parts, Reply, json_body};
use crate::gateway::Evidence;
use crate::identity::{Identity, ProveError};
use crate::keycloak::Introspection;
use crate::problem::Rejection;
use crate::request::Method;
use crate::rights::EnrichError;
use crate::standing::Live;

/// What is to be judged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ValidateRequest {
    /// An access token, or a refresh token of our client.
    token: String,
}

/// The endpoint.
pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        method: Method::Post,
        path: "/token/validate",
        access: Access::SignedInOrClient,
        summary: "Whether a token is active, and whose",
        request: Some(ValidateRequest::schema),
        response: Some(Validation::schema),
        refusals: &[
            (400, "malformed-body"),
            (401, "unauthenticated, invalid-token, invalid-client"),
            (403, "unknown-user, user-disabled"),
            (415, "media-type"),
            (429, "too-many-tries"),
            (503, "keycloak-unavailable, database-unavailable"),
        ],
        handler: |desk, call| -> Answering { Box::pin(validate(desk, call)) },
    }
}

async fn validate(desk: Arc<Desk>, call: Call) -> Result<Reply, Rejection> {
    let caller = Caller::prove(&desk, &call).await?;
    desk.counters.validate(caller.key())?;
    let ValidateRequest { token } = json_body::read(&call)?;
    let reply = match judge(&desk.parts, &token).await? {
        Some((live, kind)) => Reply::json(&Validation::of(&live, kind))?,
        None => Reply::json(&inactive())?,
    };
    Ok(match caller {
        Caller::User(live) => reply.about(&live),
        Caller::Client => reply,
    })
}

/// The principal behind a token that would pass; nothing behind one that would not. That nobody knows is neither.
async fn judge(parts: &Parts, token: &str) -> Result<Option<(Live, &'static str)>, Rejection> {
    let (confirmed, kind) = if UnverifiedRefreshToken::is_meant_by(token) {
        let Some((identity, said)) = described(parts, token).await? else { return Ok(None) };
        (parts.gateway.confirm(identity, Evidence::Said(&said)).await, "refresh_token")
    } else {
        let Some(identity) = proven(parts, token).await? else { return Ok(None) };
        (parts.gateway.confirm(identity, Evidence::Token(token)).await, "Bearer")
    };
    match confirmed {
        Ok(live) => Ok(Some((live, kind))),
        Err(
            Rejection::Dead(_)
            | Rejection::Enrich(
                EnrichError::UnknownUser(_) | EnrichError::NotActive(..) | EnrichError::NotProvisioned(_),
            ),
        ) => Ok(None),
        Err(rejection) => Err(rejection),
    }
}

/// An access token is judged by the rules that it would be judged by on a route.
async fn proven(parts: &Parts, token: &str) -> Result<Option<Arc<Identity>>, Rejection> {
    match parts.gateway.prove_bearer(token).await {
        Ok(identity) => Ok(Some(identity)),
        Err(ProveError::Token(_)) => Ok(None),
        Err(error @ ProveError::KeysUnavailable { .. }) => Err(error.into()),
    }
}

/// A refresh token only Keycloak can read.
async fn described(parts: &Parts, token: &str) -> Result<Option<(Arc<Identity>, Introspection)>, Rejection> {
    let read = UnverifiedRefreshToken::read(token.to_owned(), &parts.oidc);
    if read.and_then(|token| token.in_time(parts.clock.wall())).is_err() {
        return Ok(None);
    }
    let said = parts.oidc.introspect_refresh_token(token).await.map_err(ApiError::from)?;
    let described = |said: Introspection| {
        let identity = parts.identities.described(&said, parts.clock.wall()).ok()?;
        Some((identity, said))
    };
    Ok(said.and_then(described))
}
