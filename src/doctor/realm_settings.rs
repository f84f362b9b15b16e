//! What the realm is set to.

use super::{Check, Finding, Realm, Remedy, causes, span};
use crate::keycloak::{Admin, KeycloakError, RealmSettings};

/// The one setting that whoever may see users is shown.
pub(super) async fn brute_force(realm: &Realm<'_>, admin: &Admin) -> Finding {
    let check = Check::BruteForce;
    match admin.realm_settings().await {
        Ok(RealmSettings { brute_force_protected: Some(true), .. }) => {
            Finding::ok(check, "the realm answers guessing with a pause")
        }
        Ok(RealmSettings { brute_force_protected: Some(false), .. }) => {
            Finding::warn(check, "the realm lets passwords be guessed without end")
                .remedy(realm.kcadm().realm(&[("bruteForceProtected", "true"), ("failureFactor", "5")]))
        }
        Ok(RealmSettings { brute_force_protected: None, .. }) => Finding::not_tried(check, NOT_SHOWN),
        Err(error) => Finding::not_tried(check, unseen(&error)),
    }
}

/// The settings that only an administrator sees.
pub(super) async fn examine(realm: &Realm<'_>, admin: &Admin) -> Vec<Finding> {
    let settings = match admin.realm_settings().await {
        Ok(settings) if settings.revoke_refresh_token.is_some() => settings,
        Ok(_) => return ALL.map(|check| Finding::not_tried(check, NOT_SHOWN)).to_vec(),
        Err(error) => return ALL.map(|check| Finding::not_tried(check, unseen(&error))).to_vec(),
    };
    let mut findings = vec![rotation(realm, &settings), idle(realm, &settings), admin_events(realm, &settings)];
    findings.extend(tls(realm, &settings));
    findings
}

fn rotation(realm: &Realm<'_>, settings: &RealmSettings) -> Finding {
    let check = Check::RefreshRotation;
    if settings.revoke_refresh_token != Some(true) {
        let message = "refresh tokens are good again and again: one that is stolen is not noticed";
        let members = [("revokeRefreshToken", "true"), ("refreshTokenMaxReuse", "0")];
        return Finding::warn(check, message).remedy(realm.kcadm().realm(&members));
    }
    if realm.own && realm.auth.refresh_replay.is_zero() && settings.refresh_token_max_reuse == Some(0) {
        let message =
            "a refresh token is good once, and its answer is not kept: two tabs that refresh at once end the session";
        return Finding::warn(check, message).remedy(Remedy::setting("[auth] refresh_replay = \"5s\""));
    }
    Finding::ok(check, "a refresh token is good once: one that is stolen is noticed")
}

fn idle(realm: &Realm<'_>, settings: &RealmSettings) -> Finding {
    let check = Check::SessionIdle;
    match (settings.access_token_lifespan, settings.sso_session_idle_timeout) {
        (Some(life), Some(idle)) if idle < life => {
            let message = format!("a session is over after {} of idleness, its token after {}", span(idle), span(life));
            let idle = idle.to_string();
            Finding::warn(check, message).remedy(realm.kcadm().realm(&[("accessTokenLifespan", &idle)]))
        }
        (Some(_), Some(idle)) => {
            Finding::ok(check, format!("a session may be idle for {}, longer than a token lives", span(idle)))
        }
        _ => Finding::not_tried(check, NOT_SHOWN),
    }
}

/// How long what administrators did is kept is no setting of events, but an attribute of the realm.
fn admin_events(realm: &Realm<'_>, settings: &RealmSettings) -> Finding {
    let check = Check::AdminEventsKept;
    let kept = settings.attribute("adminEventsExpiration").and_then(|text| text.parse().ok()).unwrap_or(0_u64);
    let life = settings.access_token_lifespan.unwrap_or_default();
    match kept {
        0 => Finding::ok(check, "what administrators do is kept for ever"),
        kept if kept < life + DELAY => {
            let message =
                format!("what administrators do is kept for {}: a gateway that was down misses it", span(kept));
            Finding::warn(check, message).remedy(realm.kcadm().realm(&[("attributes.adminEventsExpiration", "86400")]))
        }
        kept => Finding::ok(check, format!("what administrators do is kept for {}", span(kept))),
    }
}

/// Only worth a word where it does not fit how we call Keycloak; a trial has told the rest.
fn tls(realm: &Realm<'_>, settings: &RealmSettings) -> Option<Finding> {
    let by_https = realm.issuer.url.scheme() == "https";
    let lax = settings.ssl_required.as_deref() == Some("none");
    (by_https && lax).then(|| {
        Finding::warn(
            Check::SslRequired,
            "the realm takes passwords and tokens by plain HTTP, which nothing here needs",
        )
        .remedy(realm.kcadm().realm(&[("sslRequired", "external")]))
    })
}

fn unseen(error: &KeycloakError) -> String {
    match error {
        KeycloakError::Refused { status, .. } if *status == http::StatusCode::FORBIDDEN => NOT_SHOWN.to_owned(),
        _ => causes(error),
    }
}

pub(super) const NOT_SHOWN: &str = "Keycloak does not show it to this account";
const ALL: [Check; 3] = [Check::RefreshRotation, Check::SessionIdle, Check::AdminEventsKept];
/// In seconds: how late a gateway may come back.
const DELAY: u64 = 900;
