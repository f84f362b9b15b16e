//! `POST /auth/token/refresh`: new tokens for a refresh token (RFC 6749 §6).

use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;
use utoipa::{PartialSchema, ToSchema};

use super::access::Access;
use super::endpoint::Answering;
use super::flights::Landing;
use super::parts::Desk;
use super::refresh_token::UnverifiedRefreshToken;
use super::seats::Seat;
use super::token_response::TokenResponse;
use super::{ApiError, Call, Endpoint, Reply, json_body};
use crate::clock::Boot;
use crate::gateway::Evidence;
use crate::identity::Identity;
use crate::keycloak::{KeycloakError, RefreshTokenError, RefreshTokenRefusal, Tokens};
use crate::problem::Rejection;
use crate::request::Method;
use crate::rights::EnrichError;
use crate::signals::Extent;
use crate::standing::{Death, Live};

/// Whose session goes on, or ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshTokenRequest {
    /// The newest refresh token of the session.
    refresh_token: String,
}

impl RefreshTokenRequest {
    /// The token, where it can be one of ours.
    pub(super) fn read(call: &Call, desk: &Desk) -> Result<UnverifiedRefreshToken, ApiError> {
        let Self { refresh_token } = json_body::read(call)?;
        if refresh_token.is_empty() {
            return Err(ApiError::MalformedBody("The refresh token is empty."));
        }
        Ok(UnverifiedRefreshToken::read(refresh_token, &desk.parts.oidc)?)
    }
}

/// The endpoint.
pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        method: Method::Post,
        path: "/token/refresh",
        access: Access::Anybody,
        summary: "New tokens for a refresh token",
        request: Some(RefreshTokenRequest::schema),
        response: Some(TokenResponse::schema),
        refusals: &[
            (400, "malformed-body"),
            (401, "invalid-refresh-token"),
            (403, "unknown-user, user-disabled"),
            (415, "media-type"),
            (429, "too-many-tries"),
            (503, "keycloak-unavailable, database-unavailable"),
        ],
        handler: |desk, call| -> Answering { Box::pin(refresh(desk, call)) },
    }
}

/// Whatever Keycloak gave is judged anew for everybody who gets it: the session may have died meanwhile.
async fn refresh(desk: Arc<Desk>, call: Call) -> Result<Reply, Rejection> {
    let token = RefreshTokenRequest::read(&call, &desk)?.in_time(desk.parts.clock.wall()).map_err(ApiError::from)?;
    // A token that is spent for an answer that cannot be judged may be lost with its session.
    desk.parts.gateway.see().await?;
    let digest = token.digest();
    let address = call.incoming.client.address;
    let landing = desk.flights.join(digest, || {
        let seat = desk.counters.ask(address)?;
        Ok(exchange(Arc::clone(&desk), token, Asked { address, arrived: call.arrived, seat }))
    });
    let landing = tokio::time::timeout(desk.parts.left(call.arrived), landing).await;
    let tokens = landing.map_err(|_| ApiError::from(KeycloakError::TimedOut))??.map_err(refusal)?;
    let identity = desk.parts.prove_fresh(tokens.access_token()).await?;
    match desk.parts.gateway.confirm(Arc::clone(&identity), Evidence::Token(tokens.access_token())).await {
        Ok(live) => {
            desk.flights.given(digest);
            reply(&desk, &tokens, &identity, &live)
        }
        // The first to hear of it ends the session, once.
        Err(rejection) if is_final(&rejection) => {
            // A session that has ended needs no end; and what looks like one may be the end of a client's part of it, behind which
            // somebody has just signed in again.
            if desk.flights.cancel(digest) && !matches!(rejection, Rejection::Dead(Death::Session)) {
                desk.parts.end_session(&identity, tokens.refresh_token(), call.arrived).await;
            }
            Err(match rejection {
                Rejection::Dead(_) => ApiError::SessionEnded.into(),
                other => other,
            })
        }
        // What is away comes back, and the answer is kept until then.
        Err(rejection) => Err(rejection),
    }
}

fn reply(desk: &Desk, tokens: &Tokens, identity: &Identity, live: &Live) -> Result<Reply, Rejection> {
    Ok(Reply::json(&TokenResponse::new(tokens, identity, desk.parts.clock.wall()))?.about(live))
}

/// The first of those who ask for one call.
struct Asked {
    address: IpAddr,
    arrived: Boot,
    seat: Seat,
}

/// Runs once for all who ask. A refusal that proves the token genuine and its session over ends the session here too:
/// Keycloak tells nobody of it.
async fn exchange(desk: Arc<Desk>, token: UnverifiedRefreshToken, asked: Asked) -> Landing {
    let Asked { address, arrived, seat } = asked;
    let outcome = desk.parts.oidc.refresh(token.expose(), Some(address)).await;
    drop(seat);
    if let Err(RefreshTokenError::Refused(_)) = &outcome {
        desk.counters.refused(address);
    }
    let over = RefreshTokenRefusal::is_end_of_session;
    if let Err(RefreshTokenError::Refused(refusal)) = &outcome
        && over(*refusal)
        && let Err(error) = desk.parts.bury(&token, Extent::Client, arrived).await
    {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "the end of a session could not be told to every node in time");
    }
    outcome.map(Arc::new)
}

/// Whether the tokens will never be of use.
fn is_final(rejection: &Rejection) -> bool {
    matches!(
        rejection,
        Rejection::Dead(_) | Rejection::Enrich(EnrichError::UnknownUser(_) | EnrichError::NotActive(..))
    )
}

/// What a refused refresh token means.
pub(super) fn refusal(error: RefreshTokenError) -> ApiError {
    match error {
        RefreshTokenError::Refused(RefreshTokenRefusal::AccountDisabled) => ApiError::AccountDisabled,
        RefreshTokenError::Refused(refusal) => ApiError::RefreshTokenRefused(refusal),
        RefreshTokenError::Keycloak(error) => error.into(),
    }
}
