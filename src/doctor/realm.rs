//! An issuer and our client there, and the order in which it is looked at.

use std::sync::Arc;

use super::kcadm::Kcadm;
use super::token::OwnToken;
use super::{
    Check, Finding, Remedy, causes, client_settings, discovery, events, flows, our_client, realm_settings,
    service_account,
};
use crate::clock::Clock;
use crate::config::{Auth, Client, Issuer, Server};
use crate::keycloak::{Admin, Administrator, Oidc};

/// An issuer, with what is needed to look at it.
pub struct Realm<'a> {
    /// Its settings.
    pub issuer: &'a Issuer,
    /// `[keycloak]`, where people log in; not a `[[keycloak.also]]`.
    pub own: bool,
    /// Its endpoints, and our client there.
    pub oidc: Arc<Oidc>,
    /// `[auth]`.
    pub auth: &'a Auth,
    /// `[server]`.
    pub server: &'a Server,
    /// The clock.
    pub clock: Clock,
}

impl Realm<'_> {
    /// What can be seen with our own client's rights, without a trace beyond Keycloak's events: for a gateway that runs.
    pub async fn glance(&self) -> Vec<Finding> {
        let mut findings = discovery::examine(self).await;
        if is_away(&findings) {
            findings.extend(UNSEEN.map(|check| Finding::not_tried(check, "Keycloak does not answer as it must")));
            return self.name(findings);
        }
        let Some(client) = &self.issuer.client else {
            findings.push(Finding::not_tried(Check::Client, "no client of ours is configured at this issuer"));
            return self.name(findings);
        };
        match our_client::enter(self, client).await {
            Ok((entered, token)) => {
                findings.push(entered);
                findings.extend(self.look_around(client, &token).await);
            }
            Err(refused) => findings.push(refused),
        }
        self.name(findings)
    }

    /// The same, with the trials that a person has asked for; and with an administrator's eyes where there is one.
    pub async fn examine(&self, administrator: Option<&Administrator>) -> Vec<Finding> {
        let mut findings = self.glance().await;
        if is_away(&findings) {
            return findings;
        }
        let is_in = findings.iter().any(|finding| finding.check() == Check::Client && finding.is_ok());
        let mut more = Vec::new();
        if let (Some(client), true, true) = (&self.issuer.client, self.own, is_in) {
            more.extend(flows::examine(self, client).await);
        }
        if let Some(administrator) = administrator {
            more.extend(self.examine_as(administrator).await);
        }
        findings.extend(self.name(more));
        findings
    }

    async fn look_around(&self, client: &Client, token: &OwnToken) -> Vec<Finding> {
        let mut findings = token.examine(self, client).await;
        findings.push(service_account::examine(self, token));
        if let Some(admin) = self.admin() {
            findings.extend(events::examine(self, &admin, token).await);
            findings.push(realm_settings::brute_force(self, &admin).await);
        }
        findings
    }

    async fn examine_as(&self, administrator: &Administrator) -> Vec<Finding> {
        let Some(admin) = self.admin() else {
            return vec![Finding::not_tried(Check::BackchannelLogout, "this issuer is no realm of Keycloak")];
        };
        let admin = admin.in_the_name_of(administrator.clone());
        if let Err(error) = admin.enter().await {
            let message = format!("{} is not let in: {}", administrator.username, causes(&error));
            return vec![Finding::fail(Check::Administrator, message).remedy(whose_account(administrator))];
        }
        let mut findings = vec![Finding::ok(Check::Administrator, format!("{} is let in", administrator.username))];
        findings.extend(realm_settings::examine(self, &admin).await);
        findings.extend(client_settings::examine(self, &admin).await);
        findings
    }

    /// The Admin API with our own rights.
    pub(super) fn admin(&self) -> Option<Admin> {
        Admin::new(Arc::clone(&self.oidc))
    }

    /// Lines for an administrator of the realm.
    pub(super) fn kcadm(&self) -> Kcadm {
        let realm = self.issuer.url.path_segments().and_then(Iterator::last).unwrap_or_default();
        let client = self.issuer.client.as_ref().map_or(DEFAULT_CLIENT, |client| &client.id);
        Kcadm::new(realm, client)
    }

    /// The path of an endpoint of ours.
    pub(super) fn path(&self, endpoint: &str) -> String {
        format!("{}{endpoint}", self.auth.prefix)
    }

    /// Where an endpoint of ours is, as far as we know.
    pub(super) fn endpoint(&self, endpoint: &str) -> String {
        let path = self.path(endpoint);
        match &self.server.public_url {
            Some(url) => format!("{}{path}", url.as_str().trim_end_matches('/')),
            None if self.server.listen.ip().is_unspecified() => {
                format!("http://GATEWAY:{}{path}", self.server.listen.port())
            }
            None => format!("http://{}{path}", self.server.listen),
        }
    }

    /// The header of the settings.
    pub(super) fn section(&self) -> &'static str {
        if self.own { "[keycloak]" } else { "[[keycloak.also]]" }
    }

    fn name(&self, findings: Vec<Finding>) -> Vec<Finding> {
        findings.into_iter().map(|finding| finding.about(&self.issuer.name)).collect()
    }
}

fn is_away(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.check() == Check::Discovery && finding.is_broken())
}

fn whose_account(administrator: &Administrator) -> Remedy {
    let realm = &administrator.realm;
    Remedy::advice(format!(
        "see that the account is in realm {realm} (--admin-realm), and that it needs no one-time password"
    ))
}

/// What is said to be unseen where Keycloak does not answer.
const UNSEEN: [Check; 4] = [Check::Keys, Check::Client, Check::UserEvents, Check::AdminEvents];
const DEFAULT_CLIENT: &str = "doorward";
