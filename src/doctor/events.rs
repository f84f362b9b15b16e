//! Whether the realm keeps the events that we read, and long enough.

use super::token::OwnToken;
use super::{Check, Finding, Realm, Remedy, causes, span};
use crate::keycloak::{Admin, EventSettings, KeycloakError};
use crate::signals::EVENT_TYPES;

/// Looks at the realm's settings of events.
pub(super) async fn examine(realm: &Realm<'_>, admin: &Admin, token: &OwnToken) -> Vec<Finding> {
    if realm.issuer.events_interval.is_zero() {
        let message = "events are not read, so that what sends no logout token lasts until tokens expire";
        let setting = Remedy::setting(format!("{} events_interval = \"1s\"", realm.section()));
        return vec![Finding::warn(Check::UserEvents, message).remedy(setting)];
    }
    match admin.event_settings().await {
        Ok(settings) => vec![users(realm, &settings, token.life()), administrators(realm, &settings)],
        Err(error) => BOTH.map(|check| unseen(realm, check, &error)).to_vec(),
    }
}

fn users(realm: &Realm<'_>, settings: &EventSettings, life: u64) -> Finding {
    let kept = |name: &&str| settings.enabled_event_types.iter().any(|kept| kept == name);
    let missing: Vec<&str> = EVENT_TYPES.into_iter().filter(|name| !kept(name)).collect();
    let mut members = Vec::new();
    if !settings.events_enabled {
        members.push(("eventsEnabled", "true"));
    }
    let all = types(settings, &missing);
    if !missing.is_empty() {
        members.push(("enabledEventTypes", &*all));
    }
    if !members.is_empty() {
        let what = if settings.events_enabled { missing.join(", ") } else { "nothing of what users do".to_owned() };
        let verb = if settings.events_enabled { "does not keep" } else { "keeps" };
        let message = format!("the realm {verb} {what}: revoked, reused and expired tokens are not heard of");
        return Finding::fail(Check::UserEvents, message).remedy(realm.kcadm().events(&members));
    }
    let expiry = settings.events_expiration.filter(|seconds| *seconds > 0);
    match expiry {
        Some(seconds) if seconds < life + DELAY => {
            let message = format!(
                "events are kept for {}, and a token lives for {}: a gateway that was down misses ends of sessions",
                span(seconds),
                span(life)
            );
            Finding::warn(Check::UserEvents, message).remedy(realm.kcadm().events(&[("eventsExpiration", A_DAY)]))
        }
        Some(seconds) => Finding::ok(Check::UserEvents, format!("what users do is kept, for {}", span(seconds))),
        None => Finding::ok(Check::UserEvents, "what users do is kept, for ever"),
    }
}

fn administrators(realm: &Realm<'_>, settings: &EventSettings) -> Finding {
    if !settings.admin_events_enabled {
        let message = "what administrators do is not kept: a user who is disabled, deleted or given a new password \
                       keeps access until the token expires";
        return Finding::fail(Check::AdminEvents, message)
            .remedy(realm.kcadm().events(&[("adminEventsEnabled", "true"), ("adminEventsDetailsEnabled", "true")]));
    }
    if !settings.admin_events_details_enabled {
        let message = "what administrators do is kept without details: every change of a user ends their tokens, and \
                       a not-before of the realm is not heard of";
        return Finding::warn(Check::AdminEvents, message)
            .remedy(realm.kcadm().events(&[("adminEventsDetailsEnabled", "true")]));
    }
    Finding::ok(Check::AdminEvents, "what administrators do is kept, with details")
}

fn unseen(realm: &Realm<'_>, check: Check, error: &KeycloakError) -> Finding {
    match error {
        KeycloakError::Refused { status, .. } if *status == http::StatusCode::FORBIDDEN => {
            Finding::not_tried(check, "our service account may not see it")
                .remedy(realm.kcadm().roles(&["view-events"]))
        }
        _ => Finding::not_tried(check, causes(error)),
    }
}

/// Those that are kept, and those that are missing: `kcadm.sh` replaces the list.
fn types(settings: &EventSettings, missing: &[&str]) -> String {
    let mut all: Vec<&str> =
        settings.enabled_event_types.iter().map(String::as_str).chain(missing.iter().copied()).collect();
    all.sort_unstable();
    let quoted: Vec<String> = all.iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", quoted.join(","))
}

const BOTH: [Check; 2] = [Check::UserEvents, Check::AdminEvents];
/// In seconds: how late a gateway may come back.
const DELAY: u64 = 900;
const A_DAY: &str = "86400";
