//! What Keycloak tells by signed statements: `POST /auth/backchannel-logout`, and the orders below the admin URL of a
//! realm, `POST /auth/keycloak/{realm}/k_logout` and `…/k_push_not_before`.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};
use url::form_urlencoded;
use utoipa::PartialSchema;

use super::access::Access;
use super::endpoint::Answering;
use super::parts::Desk;
use super::{ApiError, Call, Endpoint, Reply};
use crate::identity::{Action, ProveError};
use crate::problem::Rejection;
use crate::request::Method;
use crate::signals::{Fate, Signal};

/// The endpoints.
pub(super) fn endpoints() -> [Endpoint; 3] {
    [
        Endpoint {
            method: Method::Post,
            path: "/backchannel-logout",
            access: Access::Anybody,
            summary: "For Keycloak: a session has ended (OpenID Connect Back-Channel Logout 1.0); a form with logout_token",
            request: None,
            response: Some(Value::schema),
            refusals: REFUSALS,
            handler: |desk, call| -> Answering { Box::pin(log_out(desk, call)) },
        },
        Endpoint {
            method: Method::Post,
            path: "/keycloak/{realm}/k_logout",
            access: Access::Anybody,
            summary: "For Keycloak: every session of the realm has ended; the body is a JWS",
            request: None,
            response: Some(Value::schema),
            refusals: REFUSALS,
            handler: |desk, call| -> Answering { Box::pin(obey(desk, call, Action::Logout)) },
        },
        Endpoint {
            method: Method::Post,
            path: "/keycloak/{realm}/k_push_not_before",
            access: Access::Anybody,
            summary: "For Keycloak: tokens that are older than a mark are dead; the body is a JWS",
            request: None,
            response: Some(Value::schema),
            refusals: REFUSALS,
            handler: |desk, call| -> Answering { Box::pin(obey(desk, call, Action::PushNotBefore)) },
        },
    ]
}

async fn log_out(desk: Arc<Desk>, call: Call) -> Result<Reply, Rejection> {
    let (signal, arrived) = (Signal::BackchannelLogout, call.arrived);
    let text = logout_token(&call).inspect_err(|error| tell(&desk, signal, Fate::Refused, error))?;
    let now = desk.parts.clock.wall();
    let read = desk.parts.identities.read_logout(&text, now).await;
    let token = read.map_err(|error| refused(&desk, signal, error))?;
    desk.parts.signals.log_out(&token, now, arrived).await.map_err(ApiError::Unannounced)?;
    done(token.sub())
}

/// The path alone says whose order it is.
async fn obey(desk: Arc<Desk>, call: Call, action: Action) -> Result<Reply, Rejection> {
    let (signal, arrived) = (Signal::of(action), call.arrived);
    let segments: Vec<&str> = call.incoming.path.segments().collect();
    let realm = segments.iter().rev().nth(1).copied().unwrap_or_default();
    let text = String::from_utf8_lossy(&call.body);
    let read = desk.parts.identities.read_order(realm, text.trim(), desk.parts.clock.wall()).await;
    let order = read.map_err(|error| refused(&desk, signal, error))?;
    if order.action() != action {
        return Err(refused(&desk, signal, ProveError::Token(crate::identity::TokenError::Claim("action"))).into());
    }
    desk.parts.signals.obey(&order, arrived).await.map_err(ApiError::Unannounced)?;
    done(None)
}

fn refused(desk: &Desk, signal: Signal, error: ProveError) -> ApiError {
    let outcome = match &error {
        ProveError::Token(_) => Fate::Refused,
        ProveError::KeysUnavailable { .. } => Fate::Unknown,
    };
    tell(desk, signal, outcome, &error);
    ApiError::Signal(error)
}

/// Counts a signal that is not heeded, and says why.
fn tell(desk: &Desk, signal: Signal, outcome: Fate, error: &(dyn std::error::Error + 'static)) {
    desk.parts.signals.metrics().heard(signal, outcome);
    tracing::warn!(error, ?signal, "a signal of the end of sessions was refused");
}

fn done(sub: Option<&Arc<str>>) -> Result<Reply, Rejection> {
    let reply = Reply::json(&json!({}))?;
    Ok(match sub {
        Some(sub) => reply.about_subject(sub),
        None => reply,
    })
}

/// One field of a form, and once.
fn logout_token(call: &Call) -> Result<Cow<'_, str>, ApiError> {
    let kind = call.content_type.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(ApiError::MalformedBody("The body is not a form."));
    }
    let mut found = form_urlencoded::parse(&call.body).filter(|(name, _)| name == "logout_token");
    match (found.next(), found.next()) {
        (Some((_, token)), None) => Ok(token),
        _ => Err(ApiError::MalformedBody("The form does not hold logout_token exactly once.")),
    }
}

const REFUSALS: &[(u16, &str)] =
    &[(400, "malformed-body, invalid-signal"), (413, "too-large"), (503, "keycloak-unavailable, database-unavailable")];
