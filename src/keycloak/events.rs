//! What happened in a realm, as its Admin API tells: by users, and by administrators.

use serde::Deserialize;
use url::Url;

use super::http::json;
use super::{Admin, KeycloakError, Operation};

/// What an administrator did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdminEvent {
    /// Its name.
    pub id: String,
    /// Milliseconds since 1970.
    pub time: i64,
    /// `CREATE`, `UPDATE`, `DELETE`, `ACTION`.
    pub operation_type: String,
    /// What it was done to.
    pub resource_type: String,
    /// Where that is below the realm.
    pub resource_path: Option<String>,
    /// The body of the request, where details are saved.
    pub representation: Option<String>,
}

/// What a user did, or what happened to one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserEvent {
    /// Its name.
    pub id: String,
    /// Milliseconds since 1970.
    pub time: i64,
    /// `LOGOUT`, `REVOKE_GRANT`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The client's name.
    pub client_id: Option<String>,
    /// Who.
    pub user_id: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// What belongs to its type.
    pub details: Option<Details>,
}

/// The details of a user's event that are used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The client whose tokens were revoked.
    pub revoked_client: Option<String>,
    /// The access token that was revoked.
    pub token_id: Option<String>,
    /// Why something was refused.
    pub reason: Option<String>,
}

/// Which events are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From then on, in milliseconds of Keycloak's clock.
    pub from: i64,
    /// So many of them are passed over.
    pub first: usize,
}

impl Admin {
    /// What administrators did, the oldest first; at most [`PAGE`] of it.
    ///
    /// # Errors
    /// The call fails.
    pub async fn admin_events(&self, span: Span) -> Result<Vec<AdminEvent>, KeycloakError> {
        json(&self.get(Operation::AdminEvents, &events(self.at("admin-events")?, span)).await?)
    }

    /// What users did, of these types, the oldest first; at most [`PAGE`] of it.
    ///
    /// # Errors
    /// The call fails.
    pub async fn user_events(&self, span: Span, types: &[&str]) -> Result<Vec<UserEvent>, KeycloakError> {
        let mut url = events(self.at("events")?, span);
        url.query_pairs_mut().extend_pairs(types.iter().map(|name| ("type", name)));
        json(&self.get(Operation::Events, &url).await?)
    }
}

fn events(mut url: Url, span: Span) -> Url {
    let (from, first, max) = (span.from.max(0).to_string(), span.first.to_string(), PAGE.to_string());
    let fields = [("dateFrom", &*from), ("direction", "asc"), ("first", &*first), ("max", &*max)];
    url.query_pairs_mut().extend_pairs(fields);
    url
}

/// The most events of one answer.
pub const PAGE: usize = 500;
