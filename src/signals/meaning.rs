//! From an event of a realm to what is dead because of it: the rows of `docs/revocation.md`.

use std::sync::Arc;

use serde::Deserialize;

use super::Extent;
use crate::clock::Timestamp;
use crate::keycloak::{AdminEvent, UserEvent};
use crate::store::{Change, ChangeKind};

/// What events mean to tokens of one issuer.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// The exact `iss`.
    pub issuer: Arc<str>,
    /// The clients whose tokens are accepted: what happens to others is no affair of ours.
    pub clients: Vec<String>,
    /// The one that is ours, and has a secret.
    pub own: Option<String>,
    /// Whether roles of the issuer count here.
    pub roles: bool,
}

/// The members of a representation that are looked at. It is the body of a request, so every one may be missing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Representation {
    enabled: Option<bool>,
    not_before: Option<i64>,
    client_id: Option<String>,
}

impl Meaning {
    /// What is dead because of what an administrator did.
    #[must_use]
    pub fn of_admin(&self, event: &AdminEvent) -> Vec<Change> {
        let path: Vec<&str> = event.resource_path.as_deref().unwrap_or_default().split('/').collect();
        let until = until(event.time);
        match (&*event.resource_type, &*event.operation_type, path.as_slice()) {
            ("USER_SESSION", "DELETE", ["sessions", sid]) => vec![self.session(sid, Extent::Session, event.time)],
            ("USER", "DELETE", ["users", id]) => vec![self.subject(id, None)],
            ("USER", "UPDATE", ["users", id]) if event.may_disable() => vec![self.subject(id, Some(until))],
            ("USER", "ACTION", ["users", id, rest @ ..]) if ends_tokens(rest) => vec![self.subject(id, Some(until))],
            ("REALM_ROLE_MAPPING" | "CLIENT_ROLE_MAPPING" | "GROUP_MEMBERSHIP", "DELETE", ["users", id, ..])
                if self.roles =>
            {
                vec![self.subject(id, Some(until))]
            }
            ("REALM", "ACTION", [.., "logout-all"]) => vec![self.realm(until)],
            ("REALM", "UPDATE", _) => {
                event.body().not_before.filter(is_set).map(|mark| self.realm(mark)).into_iter().collect()
            }
            ("CLIENT", "UPDATE", ["clients", _]) => self.client(&event.body(), until),
            ("CLIENT", "DELETE", ["clients", _]) => {
                let named = event.body().client_id;
                // Another one may be made by that name.
                named.map(|client| self.change(ChangeKind::Client, &client, Some(until))).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the issuer's keys may be others because of what an administrator did: its keys are components, among
    /// others.
    #[must_use]
    pub fn changes_keys(event: &AdminEvent) -> bool {
        event.resource_type == "COMPONENT"
    }

    /// What is dead because of what a user did, or what happened to one.
    #[must_use]
    pub fn of_user(&self, event: &UserEvent) -> Vec<Change> {
        let details = event.details.as_ref();
        let session = |extent| event.session_id.as_deref().map(|sid| self.session(sid, extent, event.time));
        let subject = |not_before| event.user_id.as_deref().map(|id| self.subject(id, not_before));
        let change = match (&*event.kind, event.error.as_deref()) {
            ("LOGOUT" | "USER_SESSION_DELETED", None) => session(Extent::Session),
            ("REVOKE_GRANT", None) => {
                let client = details.and_then(|details| details.revoked_client.as_deref());
                match details.and_then(|details| details.token_id.as_deref()) {
                    Some(token) if event.session_id.is_none() => Some(self.change(ChangeKind::Token, token, None)),
                    _ if self.accepts(client.or(event.client_id.as_deref())) => session(Extent::Client),
                    _ => None,
                }
            }
            ("REFRESH_TOKEN_ERROR", Some(_)) if event.is_reuse() && self.accepts(event.client_id.as_deref()) => {
                session(Extent::Client)
            }
            // Whoever presents a code says which session it is of, and of a client without a secret anybody does.
            ("CODE_TO_TOKEN_ERROR", Some("invalid_code")) if self.own.is_some() && event.client_id == self.own => {
                session(Extent::Client)
            }
            ("USER_DISABLED_BY_PERMANENT_LOCKOUT", _) => subject(Some(until(event.time))),
            ("DELETE_ACCOUNT", None) => subject(None),
            _ => None,
        };
        change.into_iter().collect()
    }

    fn accepts(&self, client: Option<&str>) -> bool {
        client.is_none_or(|client| self.clients.iter().any(|accepted| accepted == client))
    }

    fn client(&self, body: &Representation, until: i64) -> Vec<Change> {
        let Some(client) = &body.client_id else { return Vec::new() };
        let disabled = (body.enabled == Some(false)).then_some(until);
        let mark = disabled.max(body.not_before.filter(is_set));
        mark.map(|mark| self.change(ChangeKind::Client, client, Some(mark))).into_iter().collect()
    }

    fn session(&self, sid: &str, extent: Extent, milliseconds: i64) -> Change {
        let moment = Timestamp(u64::try_from(milliseconds / 1000).unwrap_or(0));
        self.change(ChangeKind::Session, sid, Some(extent.until(moment)))
    }

    fn subject(&self, id: &str, not_before: Option<i64>) -> Change {
        self.change(ChangeKind::Subject, id, not_before)
    }

    fn realm(&self, not_before: i64) -> Change {
        self.change(ChangeKind::Realm, &self.issuer, Some(not_before))
    }

    fn change(&self, kind: ChangeKind, key: &str, not_before: Option<i64>) -> Change {
        Change { issuer: Arc::clone(&self.issuer), kind, key: key.into(), not_before }
    }
}

impl AdminEvent {
    /// The representation is only a hint. Where it is not saved, a change of a user may have disabled them; tokens of
    /// before are refused then, and a refresh brings new ones if the user still may.
    fn may_disable(&self) -> bool {
        self.representation.is_none() || self.body().enabled == Some(false)
    }

    fn body(&self) -> Representation {
        let read = self.representation.as_deref().map(serde_json::from_str);
        read.and_then(Result::ok).unwrap_or_default()
    }
}

impl UserEvent {
    fn is_reuse(&self) -> bool {
        let reason = self.details.as_ref().and_then(|details| details.reason.as_deref());
        reason.is_some_and(|reason| reason.contains("reuse"))
    }
}

/// Below `users/{id}`: what takes tokens, or what they rest on, away.
fn ends_tokens(rest: &[&str]) -> bool {
    matches!(rest, ["logout" | "reset-password" | "disable-credential-types"] | ["credentials" | "consents", _])
}

fn is_set(mark: &i64) -> bool {
    *mark > 0
}

/// Events are known to the millisecond, tokens to the second: those of that very second are refused too.
fn until(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1000).saturating_add(1)
}

#[cfg(test)]
#[path = "meaning_tests.rs"]
mod tests;
