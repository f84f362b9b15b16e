//! What `doorward doctor` finds with our own client's rights, looked at again and again by the gateway itself.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::running::Running;
use super::workshop::Workshop;
use super::{database, realm};
use crate::clock::Clock;
use crate::config::{Auth, Issuer, Server, Settings, Users};
use crate::doctor::{CheckMetrics, Finding, Realm, Verdict, inspected, nodes};
use crate::keycloak::Http;
use crate::store::Store;

/// The findings so far; they are renewed for as long as this is kept.
#[derive(Clone)]
pub(super) struct CheckupInUse {
    of: Arc<Examined>,
    findings: Arc<ArcSwap<Vec<Finding>>>,
    _task: Arc<Running>,
}

/// The settings that are examined.
#[derive(PartialEq, Eq)]
struct Examined {
    /// With whether it is our own realm.
    issuers: Vec<(Issuer, bool)>,
    auth: Auth,
    server: Server,
    users: Users,
}

impl CheckupInUse {
    /// The one from before where nothing has changed, else a new one. There is none where the events of no issuer are
    /// read: then Keycloak is not asked for anything that nobody wants.
    pub(super) fn of(settings: &Settings, before: Option<&Self>, workshop: &Workshop) -> Option<Self> {
        let read = |issuer: &&Issuer| issuer.client.is_some() && !issuer.events_interval.is_zero();
        let own = |issuer: &Issuer| issuer.issuer == settings.keycloak.issuer;
        let issuers: Vec<_> = settings.issuers().filter(read).map(|issuer| (issuer.clone(), own(issuer))).collect();
        if issuers.is_empty() {
            return None;
        }
        let (auth, server, users) = (settings.auth.clone(), settings.server.clone(), settings.users.clone());
        let of = Arc::new(Examined { issuers, auth, server, users });
        if let Some(same) = before.filter(|before| before.of == of) {
            return Some(same.clone());
        }
        let findings = Arc::new(ArcSwap::default());
        let task = Running::restarting("checkup", {
            let (of, findings) = (Arc::clone(&of), Arc::clone(&findings));
            let (http, clock) = (Arc::clone(&workshop.http), workshop.clock.clone());
            let metrics = workshop.check_metrics.clone();
            let store = Arc::clone(&workshop.store);
            move || {
                let with = (Arc::clone(&http), Arc::clone(&store), clock.clone(), metrics.clone());
                Arc::clone(&of).run(with, Arc::clone(&findings))
            }
        });
        Some(Self { of, findings, _task: Arc::new(task) })
    }

    /// What was found last; nothing before the first look is over.
    pub(super) fn findings(&self) -> Arc<Vec<Finding>> {
        self.findings.load_full()
    }
}

impl Examined {
    async fn run(
        self: Arc<Self>,
        (http, store, clock, metrics): (Arc<Http>, Arc<dyn Store>, Clock, CheckMetrics),
        findings: Arc<ArcSwap<Vec<Finding>>>,
    ) {
        loop {
            let found = self.examine(&http, &*store, &clock).await;
            metrics.found(&found);
            let broken = found.iter().any(|finding| finding.verdict() == Verdict::Fail);
            findings.store(Arc::new(found));
            tokio::time::sleep(if broken { SOON } else { BETWEEN_LOOKS }).await;
        }
    }

    async fn examine(&self, http: &Arc<Http>, store: &dyn Store, clock: &Clock) -> Vec<Finding> {
        let mut found = Vec::new();
        for (issuer, own) in &self.issuers {
            let realm = Realm {
                issuer,
                own: *own,
                oidc: Arc::new(realm::oidc(issuer, http)),
                auth: &self.auth,
                server: &self.server,
                clock: clock.clone(),
            };
            found.extend(realm.glance().await);
        }
        let (of_the_database, usable) = inspected(&database::inspect(&self.users).await, clock.wall());
        found.extend(of_the_database);
        if usable {
            found.push(nodes(store).await);
        }
        found
    }
}

/// Settings change seldom, and what is wrong with them is no surprise of a second.
const BETWEEN_LOOKS: Duration = Duration::from_secs(300);
/// Somebody is mending it.
const SOON: Duration = Duration::from_secs(30);
