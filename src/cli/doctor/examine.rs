//! Everything that is looked at, put together from the settings.

use std::sync::Arc;

use crate::app::{database, realm};
use crate::clock::Clock;
use crate::config::{Issuer, Settings};
use crate::doctor::{
    Check, Finding, Neighbour, Probe, Realm, Remedy, Verdict, causes, certificates, inspected, nodes, upstreams,
};
use crate::keycloak::{Administrator, Http, KeycloakMetrics};
use crate::store::{Options, Store};

/// What a person has asked for.
pub(super) struct Order {
    pub(super) administrator: Option<Administrator>,
    pub(super) probe: bool,
}

/// Looks at everything.
pub(super) async fn run(settings: &Settings, order: &Order) -> Vec<Finding> {
    let clock = Clock::system();
    let neighbour = Neighbour::of(&settings.server);
    let mut findings = Vec::new();
    let realms = match http() {
        Ok(http) => settings.issuers().map(|issuer| look_at(issuer, settings, &http, &clock)).collect(),
        Err(why) => {
            let advice = "SSL_CERT_FILE must name a file of certificates in PEM, or nothing";
            findings.push(Finding::fail(Check::Discovery, why).remedy(Remedy::Advice(advice.to_owned())));
            Vec::new()
        }
    };
    // One after another: a wrong password must not be tried twice at once.
    let examined = async {
        let mut examined = Vec::new();
        for realm in &realms {
            let administrator = order.administrator.as_ref().filter(|_| !is_refused(&examined));
            examined.extend(realm.examine(administrator).await);
        }
        examined
    };
    let (examined, (stored, store), applications) =
        tokio::join!(examined, store(settings, &clock), upstreams(&settings.upstreams));
    let order = Order { administrator: order.administrator.clone().filter(|_| !is_refused(&examined)), ..*order };
    findings.extend(examined);
    if let Some(neighbour) = &neighbour {
        // Its signals tell what nobody has looked at.
        if order.administrator.is_none() && !order.probe {
            findings.push(neighbour.signals(&settings.keycloak).await);
        }
        if let (true, Some(realm)) = (order.probe, realms.first()) {
            findings.extend(match store.as_deref() {
                Some(ledger) => {
                    let administrator = order.administrator.as_ref();
                    Probe { realm, administrator, gateway: neighbour, ledger }.run().await
                }
                None => vec![Finding::not_tried(Check::ProbeToken, "the users database comes first")],
            });
        }
    }
    findings.extend(stored);
    if let Some(neighbour) = &neighbour {
        findings.push(neighbour.examine().await);
    }
    findings.extend(certificates(&settings.server, &clock));
    findings.extend(applications);
    findings
}

/// Whether the administrator was turned away.
fn is_refused(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.check() == Check::Administrator && finding.verdict() == Verdict::Fail)
}

fn http() -> Result<Arc<Http>, String> {
    let metrics = KeycloakMetrics::new(&prometheus::Registry::new()).map_err(|error| error.to_string())?;
    realm::http(metrics).map(Arc::new).map_err(|error| causes(&error))
}

fn look_at<'s>(issuer: &'s Issuer, settings: &'s Settings, http: &Arc<Http>, clock: &Clock) -> Realm<'s> {
    Realm {
        issuer,
        own: std::ptr::eq(issuer, &raw const settings.keycloak),
        oidc: Arc::new(realm::oidc(issuer, http)),
        auth: &settings.auth,
        server: &settings.server,
        clock: clock.clone(),
    }
}

/// What is found of the users database, and the database itself where it can be worked with.
async fn store(settings: &Settings, clock: &Clock) -> (Vec<Finding>, Option<Arc<dyn Store>>) {
    let (mut findings, usable) = inspected(&database::inspect(&settings.users).await, clock.wall());
    if !usable {
        return (findings, None);
    }
    match database::open(&settings.users, Options::default()).await {
        Ok(store) => {
            findings.push(nodes(&*store).await);
            (findings, Some(store))
        }
        Err(error) => {
            let advice = "docs/users.md says which rights the gateway needs on its users database";
            let found = Finding::fail(Check::Database, causes(&error));
            findings.push(found.remedy(Remedy::Advice(advice.to_owned())));
            (findings, None)
        }
    }
}
