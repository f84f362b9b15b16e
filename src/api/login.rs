//! `POST /auth/login`: tokens for a name and a password (direct access grant, RFC 6749 §4.3).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::oneshot;
use utoipa::{PartialSchema, ToSchema};

use super::access::Access;
use super::endpoint::Answering;
use super::login_name::LoginName;
use super::parts::Desk;
use super::token_response::TokenResponse;
use super::{ApiError, Call, Endpoint, Parts, Reply, json_body, unready};
use crate::clock::Boot;
use crate::gateway::Evidence;
use crate::identity::Identity;
use crate::keycloak::{KeycloakError, LoginError, LoginRefusal, PasswordLogin, Tokens};
use crate::problem::Rejection;
use crate::request::Method;
use crate::standing::Live;

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    /// User name or e-mail address.
    pub(super) username: String,
    /// The password.
    password: String,
    /// The one-time password, for accounts that have one.
    otp: Option<String>,
}

/// The endpoint.
pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        method: Method::Post,
        path: "/login",
        access: Access::Anybody,
        summary: "Log in with user name and password",
        request: Some(LoginRequest::schema),
        response: Some(TokenResponse::schema),
        refusals: &[
            (400, "malformed-body"),
            (401, "invalid-credentials"),
            (403, "unknown-user, user-disabled, account-not-set-up, email-not-verified"),
            (415, "media-type"),
            (429, "too-many-tries"),
            (503, "keycloak-unavailable, database-unavailable"),
        ],
        handler: |desk, call| -> Answering { Box::pin(login(desk, call)) },
    }
}

/// What the users database says is asked only after Keycloak accepted the password: a stranger learns nothing.
async fn login(desk: Arc<Desk>, call: Call) -> Result<Reply, Rejection> {
    let request = checked(json_body::read(&call)?)?;
    let address = call.incoming.client.address;
    desk.counters.log_in_from(address)?;
    // A session that could not be judged would be made to be ended.
    desk.parts.gateway.see().await?;
    let name = LoginName::resolve(&request.username, &desk.parts).await;
    desk.counters.log_in_of(name.clone())?;
    let tokens = in_turn(&desk, name, request, (address, call.arrived)).await?;
    let (identity, live) = welcome(&desk, &tokens, call.arrived).await?;
    let now = desk.parts.clock.wall();
    Ok(Reply::json(&TokenResponse::new(&tokens, &identity, now))?.about(&live))
}

/// Asks Keycloak when the name's turn has come. The turn lasts until Keycloak has answered, whoever still waits for
/// that; what nobody waits for any more is not asked, and a session that comes too late is ended.
async fn in_turn(
    desk: &Arc<Desk>,
    name: LoginName,
    request: LoginRequest,
    (address, arrived): (IpAddr, Boot),
) -> Result<Tokens, ApiError> {
    let (answer, answered) = oneshot::channel();
    let task = Arc::clone(desk);
    tokio::spawn(async move {
        let _turn = task.turns.take(name.key()).await;
        if answer.is_closed() {
            return;
        }
        let outcome = ask(&task.parts, &request, address).await;
        if let Err(Ok(tokens)) = answer.send(outcome) {
            task.parts.end_at_keycloak(tokens.refresh_token()).await;
        }
        tokio::time::sleep(AFTERMATH).await;
    });
    match tokio::time::timeout(desk.parts.left(arrived), answered).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(KeycloakError::TimedOut.into()),
    }
}

async fn ask(parts: &Parts, request: &LoginRequest, address: IpAddr) -> Result<Tokens, ApiError> {
    let login = PasswordLogin {
        username: &request.username,
        password: &request.password,
        otp: request.otp.as_deref(),
        address: Some(address),
    };
    match parts.oidc.login(login).await {
        Ok(tokens) => Ok(tokens),
        Err(LoginError::Refused(LoginRefusal::InvalidCredentials)) => Err(ApiError::InvalidCredentials),
        Err(LoginError::Refused(LoginRefusal::AccountDisabled)) => Err(ApiError::AccountDisabled),
        Err(LoginError::Refused(LoginRefusal::NotSetUp)) => Err(unready::reason(parts, &request.username).await),
        Err(LoginError::Keycloak(error)) => Err(error.into()),
    }
}

/// Checks the account behind fresh tokens, and ends the session again where it must not be used.
async fn welcome(desk: &Desk, tokens: &Tokens, arrived: Boot) -> Result<(Arc<Identity>, Live), Rejection> {
    let parts = &desk.parts;
    let identity = match parts.prove_fresh(tokens.access_token()).await {
        Ok(identity) => identity,
        Err(rejection) => {
            let _ = tokio::time::timeout(parts.left(arrived), parts.end_at_keycloak(tokens.refresh_token())).await;
            return Err(rejection);
        }
    };
    let verified = identity.profile().email_verified || !desk.require_verified_email;
    let outcome = match parts.gateway.confirm(Arc::clone(&identity), Evidence::Token(tokens.access_token())).await {
        Ok(live) if verified => return Ok((identity, live)),
        Ok(_) => Err(ApiError::EmailNotVerified.into()),
        Err(rejection) => Err(rejection),
    };
    parts.end_session(&identity, tokens.refresh_token(), arrived).await;
    outcome
}

/// Nothing empty or endless reaches Keycloak.
fn checked(request: LoginRequest) -> Result<LoginRequest, ApiError> {
    let fits = |text: &str, most: usize| (1..=most).contains(&text.len()) && !text.contains('\0');
    let otp_fits = request.otp.as_deref().is_none_or(|otp| fits(otp, 64));
    if fits(&request.username, 255) && fits(&request.password, 4096) && otp_fits {
        Ok(request)
    } else {
        Err(ApiError::MalformedBody("User name, password and one-time password are not empty and not endless."))
    }
}

/// Keycloak's guard against parallel log-ins outlives its answer by some milliseconds, and takes what comes then for
/// a wrong password.
const AFTERMATH: Duration = Duration::from_millis(50);
