//! `POST /auth/login`: tokens for a name and a password (direct access grant, RFC 6749 §4.3).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::{PartialSchema, ToSchema};

use super::endpoint::Answering;
use super::{ApiError, Call, Endpoint, Parts, Reply, json_body};
use crate::identity::ProveError;
use crate::keycloak::{LoginError, LoginRefusal, PasswordLogin, Tokens};
use crate::policy::Rule;
use crate::problem::Rejection;
use crate::request::Method;

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginRequest {
    /// User name or e-mail address.
    username: String,
    /// The password.
    password: String,
    /// The one-time password, for accounts that have one.
    otp: Option<String>,
}

/// The tokens of the new session.
#[derive(Serialize, ToSchema)]
struct TokenResponse {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// For new tokens when this one ends.
    refresh_token: Option<String>,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: u64,
    /// Seconds until the refresh token ends.
    refresh_expires_in: Option<u64>,
    /// The scopes that were granted.
    scope: Option<String>,
}

/// The endpoint.
pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        method: Method::Post,
        path: "/login",
        rule: Rule::Public,
        summary: "Log in with user name and password",
        request: Some(LoginRequest::schema),
        response: TokenResponse::schema,
        refusals: &[
            (400, "malformed-body"),
            (401, "invalid-credentials"),
            (403, "unknown-user, user-disabled, account-not-set-up, email-not-verified"),
            (415, "media-type"),
            (503, "keycloak-unavailable, database-unavailable"),
        ],
        handler: |parts, call| -> Answering { Box::pin(login(parts, call)) },
    }
}

/// What the users database says is asked only after Keycloak accepted the password: a stranger learns nothing.
async fn login(parts: Arc<Parts>, call: Call) -> Result<Reply, Rejection> {
    let request = checked(json_body::read(&call)?)?;
    let tokens = parts.oidc.login(PasswordLogin {
        username: &request.username,
        password: &request.password,
        otp: request.otp.as_deref(),
        address: Some(call.incoming.client.address),
    });
    let tokens = tokens.await.map_err(refusal)?;
    welcome(&parts, &tokens).await?;
    Reply::json(&TokenResponse::from(&tokens))
}

/// Checks the account behind fresh tokens, and ends the session again where it must not be used.
async fn welcome(parts: &Parts, tokens: &Tokens) -> Result<(), Rejection> {
    let proven = parts.gateway.prove_bearer(tokens.access_token()).await;
    if proven.is_err() {
        parts.end_at_keycloak(tokens.refresh_token()).await;
    }
    let identity = proven.map_err(|error| match error {
        ProveError::KeysUnavailable { .. } => Rejection::from(error),
        ProveError::Token(_) => foreign(&error).into(),
    })?;
    let verified = identity.profile().email_verified || !parts.require_verified_email;
    let outcome = match parts.gateway.confirm(Arc::clone(&identity)).await {
        Ok(_) if verified => return Ok(()),
        Ok(_) => Err(ApiError::EmailNotVerified.into()),
        Err(rejection) => Err(rejection),
    };
    parts.end_session(&identity, tokens.refresh_token()).await;
    outcome
}

/// A wrong setting, which only an operator can put right.
fn foreign(error: &ProveError) -> ApiError {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "Keycloak issued a token that this gateway does not accept: compare issuer, audience, algorithms and clients"
    );
    ApiError::ForeignToken
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

fn refusal(error: LoginError) -> ApiError {
    match error {
        LoginError::Refused(LoginRefusal::InvalidCredentials) => ApiError::InvalidCredentials,
        LoginError::Refused(LoginRefusal::AccountDisabled) => ApiError::AccountDisabled,
        LoginError::Refused(LoginRefusal::NotSetUp) => ApiError::AccountNotSetUp,
        LoginError::Keycloak(error) => ApiError::Keycloak(Arc::new(error)),
    }
}

impl From<&Tokens> for TokenResponse {
    fn from(tokens: &Tokens) -> Self {
        Self {
            access_token: tokens.access_token().to_owned(),
            refresh_token: tokens.refresh_token().map(str::to_owned),
            token_type: "Bearer",
            expires_in: tokens.expires_in().as_secs(),
            refresh_expires_in: tokens.refresh_expires_in().map(|life| life.as_secs()),
            scope: tokens.scope().map(str::to_owned),
        }
    }
}
