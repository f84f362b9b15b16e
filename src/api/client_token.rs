//! `GET /auth/token/client-credentials`: a token of the gateway's own client, for tests.

use std::sync::Arc;

use utoipa::PartialSchema;

use super::access::Access;
use super::endpoint::Answering;
use super::parts::Desk;
use super::token_response::TokenResponse;
use super::{ApiError, Call, Endpoint, Reply};
use crate::keycloak::KeycloakError;
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
        refusals: &[(429, "too-many-tries"), (503, "keycloak-unavailable")],
        handler: |desk, call| -> Answering { Box::pin(client_token(desk, call)) },
    }
}

async fn client_token(desk: Arc<Desk>, call: Call) -> Result<Reply, Rejection> {
    let address = call.incoming.client.address;
    let seat = desk.counters.ask(address)?;
    let outcome = desk.parts.oidc.client_credentials().await;
    drop(seat);
    if let Err(KeycloakError::Refused { .. }) = &outcome {
        desk.counters.refused(address);
    }
    let tokens = outcome.map_err(ApiError::from)?;
    let identity = desk.parts.prove_fresh(tokens.access_token()).await?;
    let reply = Reply::json(&TokenResponse::new(&tokens, &identity, desk.parts.clock.wall()))?;
    Ok(reply.about_subject(identity.subject().sub()))
}
