//! What our service account may do, as its token says.

use super::token::OwnToken;
use super::{Check, Finding, Realm};

/// Looks at its roles of `realm-management`.
pub(super) fn examine(realm: &Realm<'_>, token: &OwnToken) -> Finding {
    let roles = token.roles_of("realm-management");
    let has = |role: &str| roles.contains(&role);
    let missing =
        |needed: &[&'static str]| -> Vec<&'static str> { needed.iter().copied().filter(|role| !has(role)).collect() };
    let events = !realm.issuer.events_interval.is_zero();
    let lost = missing(if events { &["view-events", "view-users"] } else { &["view-users"] });
    if !lost.is_empty() {
        let message = format!("our service account lacks {}: {}", lost.join(" and "), cost(&lost));
        let finding = if lost.contains(&"view-events") { Finding::fail } else { Finding::warn };
        return finding(Check::ServiceAccount, message).remedy(realm.kcadm().roles(&lost));
    }
    let much: Vec<&str> = TOO_MUCH.into_iter().filter(|role| has(role)).collect();
    if !much.is_empty() {
        let message = format!("our service account may do more than it has to: {}", much.join(", "));
        return Finding::warn(Check::ServiceAccount, message).remedy(realm.kcadm().no_roles(&much));
    }
    let message = match has("manage-users") {
        true => "our service account may see users and events, and manage users",
        false => "our service account may see users and events; it may not manage users",
    };
    Finding::ok(Check::ServiceAccount, message)
}

fn cost(lost: &[&str]) -> &'static str {
    match lost.contains(&"view-events") {
        true => "what sends no logout token is not heard of",
        false => "a log-in cannot say that an address is not verified, and `doorward users adopt` finds nobody",
    }
}

/// Whoever takes the gateway over would have them.
const TOO_MUCH: [&str; 7] = [
    "realm-admin",
    "manage-realm",
    "manage-clients",
    "manage-authorization",
    "manage-identity-providers",
    "create-client",
    "impersonation",
];
