//! `POST /auth/logout`: the end of a session, at Keycloak and here.

use std::sync::Arc;

use utoipa::PartialSchema;

use super::access::Access;
use super::endpoint::Answering;
use super::parts::Desk;
use super::refresh::{RefreshTokenRequest, refusal};
use super::{ApiError, Call, Endpoint, Reply};
use crate::keycloak::RefreshTokenError;
use crate::problem::Rejection;
use crate::request::Method;
use crate::signals::Extent;

/// The endpoint.
pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        method: Method::Post,
        path: "/logout",
        access: Access::Anybody,
        summary: "Log out: the session and its access tokens end",
        request: Some(RefreshTokenRequest::schema),
        response: None,
        refusals: &[
            (400, "malformed-body"),
            (401, "invalid-refresh-token"),
            (415, "media-type"),
            (429, "too-many-tries"),
            (503, "keycloak-unavailable, database-unavailable"),
        ],
        handler: |desk, call| -> Answering { Box::pin(logout(desk, call)) },
    }
}

/// What the token says is believed once Keycloak took it: a forged one must end nobody's session. A session that is
/// over already is what was asked for.
async fn logout(desk: Arc<Desk>, call: Call) -> Result<Reply, Rejection> {
    let token = RefreshTokenRequest::read(&call, &desk)?;
    let address = call.incoming.client.address;
    let seat = desk.counters.ask(address)?;
    let outcome = desk.parts.oidc.logout(token.expose(), Some(address)).await;
    drop(seat);
    if let Err(RefreshTokenError::Refused(_)) = &outcome {
        desk.counters.refused(address);
    }
    let extent = match outcome {
        Ok(()) => Extent::Session,
        Err(RefreshTokenError::Refused(refusal)) if refusal.is_end_of_session() => Extent::Client,
        Err(error) => return Err(refusal(error).into()),
    };
    desk.flights.cancel(token.digest());
    desk.parts.bury(&token, extent, call.arrived).await.map_err(ApiError::Unannounced)?;
    Ok(Reply::no_content().about_subject(token.sub()))
}
