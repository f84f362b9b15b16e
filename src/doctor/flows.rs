//! Which log-ins the realm takes, as a trial with a name that nobody has shows. It leaves a `LOGIN_ERROR` in the realm's
//! events, and counts against nobody.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::{Check, Finding, Realm, Remedy, causes};
use crate::config::Client;
use crate::id;
use crate::keycloak::{Admin, KeycloakError, LoginError, LoginRefusal, PasswordLogin};

/// What a trial shows of direct access grants.
enum Trial {
    Taken,
    Off,
    NeedsTls,
    Unknown(String),
}

/// Tries a log-in as if somebody far away had asked for it.
pub(super) async fn examine(realm: &Realm<'_>, client: &Client) -> Vec<Finding> {
    let name = format!("doorward-doctor-{}", id::request_id());
    let mut findings = Vec::new();
    let mut trial = attempt(realm, &name, Some(FAR_AWAY)).await;
    if matches!(trial, Trial::NeedsTls) {
        findings.push(needs_tls(realm));
        trial = attempt(realm, &name, None).await;
    } else if realm.auth.password_login && realm.issuer.url.scheme() == "http" {
        findings.push(Finding::ok(Check::SslRequired, "the realm takes log-ins that we pass on by plain HTTP"));
    }
    let taken = matches!(trial, Trial::Taken);
    findings.insert(0, direct_grants(realm, client, trial));
    if let (true, true, Some(admin)) = (realm.auth.password_login, taken, realm.admin()) {
        findings.insert(1, client_address(&admin, &name).await);
    }
    findings
}

async fn attempt(realm: &Realm<'_>, name: &str, address: Option<IpAddr>) -> Trial {
    let password = id::request_id();
    match realm.oidc.login(PasswordLogin { username: name, password: &password, otp: None, address }).await {
        Ok(_) | Err(LoginError::Refused(LoginRefusal::AccountDisabled | LoginRefusal::NotSetUp)) => {
            Trial::Unknown("a name that nobody has was taken for a user".to_owned())
        }
        Err(LoginError::Refused(LoginRefusal::InvalidCredentials)) => Trial::Taken,
        Err(LoginError::Keycloak(error)) => match &error {
            KeycloakError::Refused { description, .. } if description == "HTTPS required" => Trial::NeedsTls,
            KeycloakError::Refused { error: code, .. } if code == "unauthorized_client" => Trial::Off,
            _ => Trial::Unknown(causes(&error)),
        },
    }
}

fn direct_grants(realm: &Realm<'_>, client: &Client, trial: Trial) -> Finding {
    let (check, kcadm, id) = (Check::DirectGrants, realm.kcadm(), &client.id);
    match (trial, realm.auth.password_login) {
        (Trial::Taken, true) => Finding::ok(check, format!("client {id} may log people in with passwords")),
        (Trial::Off, false) => Finding::ok(check, format!("client {id} takes no passwords, and needs to take none")),
        (Trial::Off, true) => {
            Finding::fail(check, format!("[auth] password_login is on, and client {id} may not send passwords"))
                .remedy(kcadm.client(&[("directAccessGrantsEnabled", "true")]))
                .remedy(Remedy::setting("[auth] password_login = false, if people log in with the browser"))
        }
        (Trial::Taken, false) => {
            Finding::warn(check, format!("client {id} may send passwords, which nothing here needs (RFC 9700 §2.4)"))
                .remedy(kcadm.client(&[("directAccessGrantsEnabled", "false")]))
        }
        (Trial::NeedsTls, _) => Finding::not_tried(check, "the realm takes no log-in by plain HTTP"),
        (Trial::Unknown(why), _) => Finding::not_tried(check, why),
    }
}

fn needs_tls(realm: &Realm<'_>) -> Finding {
    let message =
        "the realm wants TLS of whoever logs in from outside, and we call it by plain HTTP: every log-in is 503";
    let finding = if realm.auth.password_login { Finding::fail } else { Finding::warn };
    finding(Check::SslRequired, message)
        .remedy(Remedy::setting(format!("{} internal_url = \"https://…\"", realm.section())))
        .remedy(realm.kcadm().realm(&[("sslRequired", "none")]))
}

/// Whom Keycloak takes for the one who has just failed to log in.
async fn client_address(admin: &Admin, name: &str) -> Finding {
    let check = Check::ClientAddress;
    for _ in 0..LOOKS {
        match admin.address_of_failed_login(name).await {
            Ok(Some(seen)) if seen == FAR_AWAY.to_string() => {
                return Finding::ok(
                    check,
                    "Keycloak sees who logs in: its guard against guessing and its events name them",
                );
            }
            Ok(Some(seen)) => {
                let message =
                    format!("Keycloak sees {seen} in place of who logs in: one who guesses is all of us to it");
                let advice =
                    "start Keycloak with --proxy-headers=xforwarded --proxy-trusted-addresses=…, the gateway's";
                return Finding::warn(check, message).remedy(Remedy::advice(advice));
            }
            Ok(None) => tokio::time::sleep(BETWEEN_LOOKS).await,
            Err(error) => return Finding::not_tried(check, causes(&error)),
        }
    }
    Finding::not_tried(check, "the realm keeps no LOGIN_ERROR, by which it could be seen")
}

/// For documentation (RFC 5737): nobody's.
const FAR_AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// An event becomes visible some 30 ms after the answer.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
