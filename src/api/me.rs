//! `GET /auth/me`: what a front end needs to draw its menu.

use std::sync::Arc;

use serde::Serialize;
use utoipa::{PartialSchema, ToSchema};

use super::endpoint::Answering;
use super::parts::Desk;
use super::{Access, Call, Endpoint, Reply};
use crate::problem::Rejection;
use crate::request::Method;

/// Who is signed in, flat.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The users database's identifier.
    id: String,
    /// Keycloak's identifier (`sub`).
    subject: String,
    username: String,
    email: Option<String>,
    email_verified: bool,
    first_name: Option<String>,
    last_name: Option<String>,
    phone_number: Option<String>,
    /// Role names, sorted.
    roles: Vec<String>,
    /// Permission names, sorted.
    permissions: Vec<String>,
    session: Session,
}

/// The session behind the token.
#[derive(Serialize, ToSchema)]
struct Session {
    /// Keycloak's session; a service has none.
    sid: Option<String>,
    /// How the person authenticated.
    acr: Option<String>,
    /// Seconds until the session ends by idleness; a token has no such end.
    idle_in: Option<u64>,
    /// Seconds until this credential ends.
    ends_in: u64,
}

/// The endpoint.
pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        method: Method::Get,
        path: "/me",
        access: Access::SignedIn,
        summary: "Who is signed in, with roles and permissions",
        request: None,
        response: Some(Me::schema),
        refusals: &[],
        handler: |desk, call| -> Answering { Box::pin(me(desk, call)) },
    }
}

async fn me(desk: Arc<Desk>, call: Call) -> Result<Reply, Rejection> {
    let principal = call.grant.principal().ok_or(Rejection::Internal)?;
    let (identity, row) = (principal.identity(), principal.account().row());
    let names = |names: &[Arc<str>]| names.iter().map(|name| name.to_string()).collect();
    Reply::json(&Me {
        id: row.id.to_string(),
        subject: identity.subject().sub().to_string(),
        username: row.username.clone(),
        email: row.email.clone(),
        email_verified: row.email_verified,
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        phone_number: row.phone_number.clone(),
        roles: names(principal.entitlement().roles()),
        permissions: names(principal.entitlement().permissions()),
        session: Session {
            sid: identity.sid().map(|sid| sid.to_string()),
            acr: identity.acr().map(str::to_owned),
            idle_in: None,
            ends_in: identity.ends_at().since(desk.parts.clock.wall()).as_secs(),
        },
    })
}
