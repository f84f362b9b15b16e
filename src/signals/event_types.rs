//! From the types of users' events that mean anything to those that a server knows: it refuses a question that names
//! another.

use std::time::Duration;

use tracing::info;

use crate::clock::Boot;
use crate::keycloak::{Admin, KeycloakError, Span, UserEvent};

/// Asks for every type that means anything; of an older server, for those that it knows.
#[derive(Debug, Default)]
pub(super) struct EventTypes {
    /// When the server last refused those that came late, and gave the others.
    refused_at: Option<Boot>,
}

impl EventTypes {
    /// The events of these types in a span.
    pub(super) async fn read(&mut self, admin: &Admin, span: Span, now: Boot) -> Result<Vec<UserEvent>, KeycloakError> {
        if self.refused_at.is_some_and(|at| now.since(at) < TRY_AGAIN) {
            return admin.user_events(span, early()).await;
        }
        match admin.user_events(span, &EVENT_TYPES).await {
            Ok(events) => {
                self.refused_at = None;
                Ok(events)
            }
            Err(error) if may_be_a_type(&error) => {
                // Where this fails too, it was something else.
                let events = admin.user_events(span, early()).await?;
                if self.refused_at.replace(now).is_none() {
                    info!("an older Keycloak: sessions that run into their time limits are not told of");
                }
                Ok(events)
            }
            Err(error) => Err(error),
        }
    }
}

fn early() -> &'static [&'static str] {
    EVENT_TYPES.split_last().map_or(&EVENT_TYPES[..], |(_, early)| early)
}

/// Keycloak 26 has a 500 for an unknown type.
fn may_be_a_type(error: &KeycloakError) -> bool {
    match error {
        KeycloakError::Unavailable { status, .. } => status.is_some(),
        KeycloakError::Refused { status, .. } => status.as_u16() == 400,
        KeycloakError::TimedOut
        | KeycloakError::Busy { .. }
        | KeycloakError::Malformed(_)
        | KeycloakError::NoClient => false,
    }
}

/// The types of users' events that mean anything. The last one came with Keycloak 26.5; without it such sessions end with their tokens.
pub const EVENT_TYPES: [&str; 7] = [
    "LOGOUT",
    "REVOKE_GRANT",
    "REFRESH_TOKEN_ERROR",
    "CODE_TO_TOKEN_ERROR",
    "USER_DISABLED_BY_PERMANENT_LOCKOUT",
    "DELETE_ACCOUNT",
    "USER_SESSION_DELETED",
];
/// The server may be a newer one by then, or was only in trouble.
const TRY_AGAIN: Duration = Duration::from_secs(600);
