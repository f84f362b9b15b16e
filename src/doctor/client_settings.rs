//! What the clients are set to whose tokens are accepted: where Keycloak tells the ends of their sessions.

use url::Url;

use super::gateway::is_ours;
use super::kcadm::Kcadm;
use super::realm_settings::NOT_SHOWN;
use super::{Check, Finding, Realm, Remedy, causes};
use crate::keycloak::{Admin, ClientSettings, KeycloakError};

/// Looks at our client, then at the others that are allowed.
pub(super) async fn examine(realm: &Realm<'_>, admin: &Admin) -> Vec<Finding> {
    let Some(ours) = &realm.issuer.client else { return Vec::new() };
    let mut findings = match settings(admin, &ours.id).await {
        Ok(client) => our_client(realm, &client).await,
        Err(why) => return OURS.map(|check| Finding::not_tried(check, why.clone())).to_vec(),
    };
    for other in realm.issuer.allowed_clients.iter().filter(|name| **name != ours.id) {
        findings.push(match settings(admin, other).await {
            Ok(client) => other_client(realm, admin, other, &client).await,
            Err(why) => Finding::warn(Check::AllowedClient, format!("{other} cannot be looked at: {why}")).remedy(
                Remedy::setting(format!("{} allowed_clients: take out {other:?}, if it is no more", realm.section())),
            ),
        });
    }
    findings
}

async fn settings(admin: &Admin, name: &str) -> Result<ClientSettings, String> {
    match admin.client_settings(name).await {
        Ok(Some(client)) => Ok(client),
        Ok(None) => Err(format!("the realm shows no client {name}")),
        Err(KeycloakError::Refused { status, .. }) if status == http::StatusCode::FORBIDDEN => {
            Err(NOT_SHOWN.to_owned())
        }
        Err(error) => Err(causes(&error)),
    }
}

async fn our_client(realm: &Realm<'_>, client: &ClientSettings) -> Vec<Finding> {
    let name = realm.issuer.client.as_ref().map_or("", |client| &client.id);
    let kcadm = realm.kcadm().with(name, &client.id);
    let mut findings = vec![
        backchannel(realm, &kcadm, client).await,
        frontchannel(&kcadm, name, client),
        implicit_flow(&kcadm, name, client),
        admin_url(realm, &kcadm, client),
    ];
    if !client.full_scope_allowed {
        let message =
            format!("tokens of client {name} carry only some roles (full scope is off), none of our service account's");
        findings
            .push(Finding::fail(Check::ServiceAccount, message).remedy(kcadm.client(&[("fullScopeAllowed", "true")])));
    }
    findings
}

/// Whether logout tokens go to us, each with its session, and whether we are there.
async fn backchannel(realm: &Realm<'_>, kcadm: &Kcadm, client: &ClientSettings) -> Finding {
    let check = Check::BackchannelLogout;
    let Some(set) = client.attribute(URL) else {
        let url = realm.endpoint("/backchannel-logout");
        return Finding::fail(check, "no logout tokens are sent: an ended session is heard of by events only")
            .remedy(kcadm.client(&[(URL_MEMBER, &url), (SESSION_MEMBER, "true")]))
            .remedy(Remedy::advice("write the address at which Keycloak reaches this gateway"));
    };
    let Some(url) = Url::parse(set).ok().filter(|url| url.path() == realm.path("/backchannel-logout")) else {
        let url = moved(realm, set, "/backchannel-logout");
        return Finding::fail(check, format!("logout tokens go to {set}, which is no endpoint of this gateway"))
            .remedy(kcadm.client(&[(URL_MEMBER, &url)]));
    };
    if client.attribute(SESSION) != Some("true") {
        let message = "logout tokens name no session, so every session of the user ends with one of them";
        return Finding::warn(check, message).remedy(kcadm.client(&[(SESSION_MEMBER, "true")]));
    }
    match is_ours(&url).await {
        Ok(true) => Finding::ok(check, format!("logout tokens go to {set}, and a gateway is there")),
        Ok(false) => Finding::fail(check, format!("logout tokens go to {set}, where something else answers"))
            .remedy(kcadm.client(&[(URL_MEMBER, &realm.endpoint("/backchannel-logout"))])),
        Err(error) => {
            let message = format!("logout tokens go to {set}, where nobody answers from here: {}", causes(&error));
            let advice = "if only Keycloak's network reaches that address: doorward doctor --probe tells";
            Finding::warn(check, message)
                .remedy(kcadm.client(&[(URL_MEMBER, &realm.endpoint("/backchannel-logout"))]))
                .remedy(Remedy::advice(advice))
        }
    }
}

fn frontchannel(kcadm: &Kcadm, name: &str, client: &ClientSettings) -> Finding {
    let check = Check::FrontchannelLogout;
    match client.frontchannel_logout {
        false => Finding::ok(check, format!("front-channel logout is off at client {name}")),
        true => {
            let message =
                format!("front-channel logout is on at client {name}, so that Keycloak sends it no logout token");
            Finding::fail(check, message).remedy(kcadm.client(&[("frontchannelLogout", "false")]))
        }
    }
}

fn implicit_flow(kcadm: &Kcadm, name: &str, client: &ClientSettings) -> Finding {
    let check = Check::ImplicitFlow;
    match client.implicit_flow_enabled {
        false => Finding::ok(check, format!("client {name} hands out no tokens in the address of a page")),
        true => {
            let message =
                format!("client {name} hands out tokens in the address of a page, where they leak (RFC 9700 §2.1.2)");
            Finding::warn(check, message).remedy(kcadm.client(&[("implicitFlowEnabled", "false")]))
        }
    }
}

/// Its path says whose orders they are: nothing in them does.
fn admin_url(realm: &Realm<'_>, kcadm: &Kcadm, client: &ClientSettings) -> Finding {
    let (check, path) = (Check::AdminUrl, format!("/keycloak/{}", realm.issuer.name));
    match client.admin_url.as_deref().filter(|url| !url.is_empty()) {
        None => {
            let message =
                "orders of the realm (logout-all, push of a not-before) are sent nowhere, and heard of by events only";
            Finding::warn(check, message).remedy(kcadm.client(&[("adminUrl", &realm.endpoint(&path))]))
        }
        Some(set) if Url::parse(set).is_ok_and(|url| url.path().trim_end_matches('/') == realm.path(&path)) => {
            Finding::ok(check, format!("orders of the realm go to {set}"))
        }
        Some(set) => {
            let message =
                format!("orders of the realm go to {set}, which is no endpoint of this gateway for this issuer");
            Finding::warn(check, message).remedy(kcadm.client(&[("adminUrl", &moved(realm, set, &path))]))
        }
    }
}

/// A session that no client of ours takes part in ends without a word to us.
async fn other_client(realm: &Realm<'_>, admin: &Admin, name: &str, client: &ClientSettings) -> Finding {
    let (check, kcadm) = (Check::AllowedClient, realm.kcadm().with(name, &client.id));
    if !client.enabled {
        return Finding::warn(check, format!("{name} is switched off")).remedy(kcadm.client(&[("enabled", "true")]));
    }
    if client.frontchannel_logout {
        let message =
            format!("{name} has front-channel logout, so that Keycloak sends no logout token for its sessions");
        return Finding::fail(check, message).remedy(kcadm.client(&[("frontchannelLogout", "false")]));
    }
    let told = client.attribute(URL).and_then(|url| Url::parse(url).ok());
    if told.is_none_or(|url| url.path() != realm.path("/backchannel-logout")) {
        let url = realm.endpoint("/backchannel-logout");
        let message =
            format!("{name} sends this gateway no logout tokens: its sessions' ends are heard of by events only");
        return Finding::fail(check, message).remedy(kcadm.client(&[(URL_MEMBER, &url), (SESSION_MEMBER, "true")]));
    }
    match audiences(realm, admin, client).await {
        Ok(Some(found)) if !found.contains(&realm.issuer.audience) => {
            let message =
                format!("tokens of {name} are not for {}: every one of them is refused", realm.issuer.audience);
            Finding::fail(check, message).remedy(kcadm.audience(&realm.issuer.audience))
        }
        Ok(_) => Finding::ok(check, format!("{name} has our audience, and logout tokens for its sessions come here")),
        Err(error) => Finding::not_tried(check, format!("{name}: {}", causes(&error))),
    }
}

/// Whom a token of that client is for. Any user will do; ours is there.
async fn audiences(
    realm: &Realm<'_>,
    admin: &Admin,
    client: &ClientSettings,
) -> Result<Option<Vec<String>>, KeycloakError> {
    let ours = realm.issuer.client.as_ref().map_or("", |client| &client.id);
    match admin.service_account_user(ours).await? {
        Some(user) => admin.audiences(client, &user.id).await.map(Some),
        None => Ok(None),
    }
}

/// The same host with another path.
fn moved(realm: &Realm<'_>, url: &str, path: &str) -> String {
    match Url::parse(url) {
        Ok(mut url) if url.has_host() => {
            url.set_path(&realm.path(path));
            url.set_query(None);
            url.into()
        }
        _ => realm.endpoint(path),
    }
}

const URL: &str = "backchannel.logout.url";
const URL_MEMBER: &str = "attributes.\"backchannel.logout.url\"";
const SESSION: &str = "backchannel.logout.session.required";
const SESSION_MEMBER: &str = "attributes.\"backchannel.logout.session.required\"";
const OURS: [Check; 4] = [Check::BackchannelLogout, Check::FrontchannelLogout, Check::ImplicitFlow, Check::AdminUrl];
