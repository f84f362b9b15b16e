//! `GET /auth/token/client-credentials`: a token of the gateway's own client, for tests.

use std::sync::Arc;

use utoipa::PartialSchema;

use super::access::Access;
use super::endpoint::Answering;
use super::parts::Desk;
use super::token_response::TokenResponse;
use super::{ApiError, Endpoint, Reply};
use crate::problem::Rejection;
use crate::request::Method;

/// The endpoint.
pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        method: Method::Get,
        path: "/token/client-credentials",
        access: Access::Anybody,
        summary: "A token of the gateway's own client; exists with test_endpoints only",
        request: None,
        response: Some(TokenResponse::schema),
        refusals: &[(503, "keycloak-unavailable")],
        handler: |desk, _| -> Answering { Box::pin(client_token(desk)) },
    }
}

async fn client_token(desk: Arc<Desk>) -> Result<Reply, Rejection> {
    let tokens = desk.parts.oidc.client_credentials().await.map_err(ApiError::from)?;
    let identity = desk.parts.prove_fresh(tokens.access_token()).await?;
    let reply = Reply::json(&TokenResponse::new(&tokens, &identity, desk.parts.clock.wall()))?;
    Ok(reply.about_subject(identity.subject().sub()))
}
