//! From settings to a snapshot. What has not changed is taken over from the snapshot before, with all that it knows.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::checkup::CheckupInUse;
use super::events::EventsInUse;
use super::issuers::IssuerInUse;
use super::upkeep::Upkeep;
use super::{Snapshot, realm};
use crate::api::{Api, Kept, Parts};
use crate::clock::Clock;
use crate::config::{Issuer, Server, Settings};
use crate::doctor::CheckMetrics;
use crate::gateway::Gateway;
use crate::identity::{Identities, KeysMetrics, TokenMetrics};
use crate::keycloak::{Admin, Http};
use crate::listener::Limits;
use crate::proxy::HealthChecks;
use crate::request::TrustedProxies;
use crate::rights::Directory;
use crate::routing::PathPatternError;
use crate::signals::{Announcer, IntrospectionMetrics, Introspector, Signals};
use crate::standing::Standing;
use crate::store::Store;
use crate::upstream::{UpstreamMetrics, Upstreams};

/// What outlives every snapshot and is built into each.
pub(super) struct Workshop {
    pub(super) clock: Clock,
    pub(super) store: Arc<dyn Store>,
    pub(super) standing: Arc<Standing>,
    pub(super) announcer: Arc<Announcer>,
    pub(super) signals: Arc<Signals>,
    pub(super) directory: Arc<Directory>,
    pub(super) http: Arc<Http>,
    pub(super) keys_metrics: KeysMetrics,
    pub(super) token_metrics: TokenMetrics,
    pub(super) upstream_metrics: UpstreamMetrics,
    pub(super) introspection_metrics: IntrospectionMetrics,
    pub(super) checks: Arc<HealthChecks>,
    pub(super) check_metrics: CheckMetrics,
    pub(super) kept: Kept,
    /// How long a revocation is kept: no token lives longer.
    pub(super) keep: Duration,
}

/// Why settings that are right in themselves make no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The prefix of the endpoints makes no path.
    #[error("[auth] prefix makes no path")]
    Prefix(#[from] PathPatternError),
    /// The new settings would lose the keys of an issuer.
    #[error("the keys of the issuer {issuer}, which are known, cannot be read by the new settings")]
    Keys {
        /// Its short name.
        issuer: Arc<str>,
    },
    /// The new settings would lose the servers of an upstream.
    #[error(
        "no name of a server of [[upstream]] {upstream}, whose addresses are known, can be resolved by the new settings"
    )]
    Names {
        /// Its name.
        upstream: Arc<str>,
    },
}

impl Workshop {
    /// Makes a snapshot: the first one, or the one after `before`. What works before is not given up for settings that
    /// do not work yet: then there is an error.
    pub(super) async fn snapshot(
        &self,
        mut settings: Settings,
        before: Option<&Snapshot>,
    ) -> Result<Snapshot, SnapshotError> {
        let issuers = self.issuers(&settings, before).await?;
        let upstreams = self.upstreams(&settings, before).await?;
        let identities = self.identities(&issuers, before);
        let gateway = Arc::new(Gateway::new(
            Arc::clone(&identities),
            Arc::clone(&self.directory),
            Arc::clone(&self.standing),
            (self.introspector(&settings), settings.revocation.when_blind),
        ));
        let api = self.api(&settings, &gateway, &identities);
        let routes = super::routes(std::mem::take(&mut settings.routes), &settings.auth)?;
        let kept_up = before.map_or_else(Vec::new, |before| before.upkeep.lock().clone());
        let upkeep = upstreams.iter().map(|upstream| Upkeep::of(upstream, &kept_up, &self.checks)).collect();
        let read = before.map_or(&[][..], |before| &before.events);
        let events = issuers.iter().filter_map(|issuer| EventsInUse::of(issuer, read, self)).collect();
        let checkup = CheckupInUse::of(&settings, before.and_then(|before| before.checkup.as_ref()), self);
        Ok(Snapshot {
            checkup,
            events,
            routes,
            gateway,
            identities,
            api,
            upstreams,
            limits: limits(&settings.server),
            trusted_proxies: TrustedProxies::new(settings.server.trusted_proxies.clone()),
            settings,
            issuers,
            upkeep: Mutex::new(upkeep),
        })
    }

    async fn issuers(&self, settings: &Settings, before: Option<&Snapshot>) -> Result<Vec<IssuerInUse>, SnapshotError> {
        let before = before.map_or(&[][..], |before| &before.issuers);
        let issuers: Vec<_> = settings
            .issuers()
            .map(|issuer| IssuerInUse::of(issuer, before, &self.http, &self.clock, &self.keys_metrics))
            .collect();
        futures_util::future::join_all(issuers.iter().map(IssuerInUse::first_keys)).await;
        match issuers.iter().find(|issuer| issuer.is_lost(before)) {
            Some(lost) => Err(SnapshotError::Keys { issuer: Arc::clone(&lost.settings().name) }),
            None => Ok(issuers),
        }
    }

    async fn upstreams(&self, settings: &Settings, before: Option<&Snapshot>) -> Result<Upstreams, SnapshotError> {
        let before = before.map(|before| &before.upstreams);
        let upstreams = Upstreams::new(&settings.upstreams, before, &self.upstream_metrics, &self.clock);
        upstreams.first_look_up().await;
        let has_servers = |name: &str| {
            before.and_then(|before| before.get(name)).is_some_and(|upstream| !upstream.servers().is_empty())
        };
        let lost =
            upstreams.iter().find(|upstream| upstream.servers().is_empty() && has_servers(&upstream.settings().name));
        match lost {
            Some(lost) => Err(SnapshotError::Names { upstream: Arc::clone(&lost.settings().name) }),
            None => Ok(upstreams),
        }
    }

    /// What was proven is forgotten when anything changes by which it was proven.
    fn identities(&self, issuers: &[IssuerInUse], before: Option<&Snapshot>) -> Arc<Identities> {
        let alike = |before: &Snapshot| {
            before.issuers.len() == issuers.len()
                && before.issuers.iter().zip(issuers).all(|(old, new)| {
                    Arc::ptr_eq(old.keys(), new.keys()) && proves(old.settings()) == proves(new.settings())
                })
        };
        match before.filter(|before| alike(before)) {
            Some(before) => Arc::clone(&before.identities),
            None => {
                let accepted = issuers.iter().map(|issuer| (issuer.settings().clone(), Arc::clone(issuer.keys())));
                Arc::new(Identities::new(accepted.collect(), MAX_TOKENS, self.token_metrics.clone()))
            }
        }
    }

    fn introspector(&self, settings: &Settings) -> Arc<Introspector> {
        let realms = settings.issuers().map(|issuer| Arc::new(realm::oidc(issuer, &self.http)));
        Arc::new(Introspector::new(realms.collect(), self.introspection_metrics.clone()))
    }

    fn api(&self, settings: &Settings, gateway: &Arc<Gateway>, identities: &Arc<Identities>) -> Api {
        let oidc = Arc::new(realm::oidc(&settings.keycloak, &self.http));
        let parts = Parts {
            gateway: Arc::clone(gateway),
            identities: Arc::clone(identities),
            admin: Admin::new(Arc::clone(&oidc)),
            oidc,
            standing: Arc::clone(&self.standing),
            announcer: Arc::clone(&self.announcer),
            signals: Arc::clone(&self.signals),
            ledger: Arc::clone(&self.store) as _,
            clock: self.clock.clone(),
        };
        Api::new(&settings.auth, parts, &self.kept)
    }
}

/// The settings by which tokens are judged: our own client is none of them.
fn proves(issuer: &Issuer) -> Issuer {
    Issuer { client: None, ..issuer.clone() }
}

fn limits(server: &Server) -> Limits {
    Limits {
        header_timeout: server.header_timeout,
        handshake_timeout: server.handshake_timeout,
        idle_timeout: server.idle_timeout,
        max_header_size: server.max_header_size,
        max_headers: server.max_headers,
        max_connections: server.max_connections,
        max_connections_per_address: server.max_connections_per_address,
        max_streams: server.max_streams,
    }
}

/// A proven token is some 600 bytes: 60 MB.
const MAX_TOKENS: usize = 100_000;
