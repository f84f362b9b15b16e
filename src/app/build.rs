//! Puts the services together.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::{Services, Snapshot, Tasks, database, realm};
use crate::accounts::Provisioner;
use crate::api::{Api, Parts};
use crate::clock::Clock;
use crate::config::{self, Provision, Settings};
use crate::gateway::Gateway;
use crate::identity::{Identities, IssuerKeys, KeySource, KeysMetrics, Pace, TokenMetrics};
use crate::keycloak::{Admin, Http, KeycloakMetrics, SetupError};
use crate::listener::CertificateError;
use crate::metrics::Metrics;
use crate::operations::Health;
use crate::request::TrustedProxies;
use crate::rights::{Directory, Epoch};
use crate::routing::{PathPattern, PathPatternError, Routes};
use crate::standing::{Follower, Standing};
use crate::store::{Options, Store, StoreError};
use crate::telemetry::{Journal, Sink};
use crate::upstream::Upstreams;

/// A gateway that is put together and loaded, and does not listen yet.
pub struct App {
    /// What every request uses.
    pub services: Arc<Services>,
    /// What a reload swaps.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// What the operations listener shows.
    pub health: Health,
    /// What runs beside the requests.
    pub tasks: Tasks,
    /// Tells everybody that the node is about to stop.
    pub stop: watch::Sender<bool>,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The users database cannot be used.
    #[error("the users database cannot be used ([users] database)")]
    Store(#[from] StoreError),
    /// The HTTP client for Keycloak cannot be made.
    #[error("Keycloak cannot be called")]
    Http(#[from] SetupError),
    /// A metric is registered twice: a defect.
    #[error("the metrics cannot be registered")]
    Metrics(#[from] prometheus::Error),
    /// The prefix of the endpoints makes no path.
    #[error("[auth] prefix makes no path")]
    Prefix(#[from] PathPatternError),
    /// A certificate cannot be used any more: `[server.tls]` was checked before.
    #[error("[server.tls] {0}")]
    Certificate(#[from] CertificateError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address} ([server] {key}): {source}")]
    Listen {
        /// The setting.
        key: &'static str,
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl App {
    /// Opens the database, reads the log and the catalogue, and waits a moment for the keys. A gateway starts
    /// without Keycloak; it is not ready until the keys are there.
    pub async fn build(settings: Settings, sink: Sink) -> Result<Self, StartError> {
        let clock = Clock::system();
        let metrics = Arc::new(Metrics::new()?);
        let mut tasks = Tasks::default();
        let (stop, stopping) = watch::channel(false);

        let store = database::open(&settings.users, options(&clock, &metrics)).await?;
        let epoch = Arc::new(Epoch::default());
        let keep =
            settings.issuers().map(|issuer| issuer.max_lifetime + issuer.leeway).max().unwrap_or_default() + SPARE;
        let standing =
            Arc::new(Standing::new(clock.clone(), settings.users.stale_when_blind, keep, Arc::clone(&epoch)));
        let provisioner = match settings.users.provision {
            Provision::Never => None,
            Provision::OnFirstSight => Some(Provisioner::new(Arc::clone(&store) as _)),
        };
        let directory = Arc::new(Directory::open(Arc::clone(&store) as _, epoch, provisioner).await?);
        let mut follower =
            Follower::new(Arc::clone(&store) as _, Arc::clone(&standing), Arc::clone(&directory), clock.clone());
        follower.load().await?;
        tasks.essential("change log", follower.follow());
        tasks.restarting("keeper", keeper(Arc::clone(&standing), Arc::clone(&store), keep));

        let http = Arc::new(realm::http(KeycloakMetrics::new(metrics.registry())?)?);
        let identities = Arc::new(identities(settings.issuers(), &http, &clock, &metrics, &mut tasks)?);
        let gateway = Arc::new(Gateway::new(Arc::clone(&identities), directory, Arc::clone(&standing), clock.clone()));
        for keys in identities.keys() {
            keys.load_first(FIRST_KEYS).await;
        }

        let oidc = Arc::new(realm::oidc(&settings.keycloak, &http));
        let api = Api::new(
            &settings.auth,
            Parts {
                gateway: Arc::clone(&gateway),
                identities: Arc::clone(&identities),
                admin: Admin::new(Arc::clone(&oidc)),
                oidc,
                standing: Arc::clone(&standing),
                log: Arc::clone(&store) as _,
                ledger: store,
                clock: clock.clone(),
            },
        );
        let snapshot = snapshot(settings, &api)?;
        snapshot.upstreams.resolve().await;
        tasks.restarting("names", {
            let upstreams = Arc::clone(&snapshot.upstreams);
            move || Arc::clone(&upstreams).follow_names()
        });
        let journal = Journal::new(Arc::clone(&metrics), sink.clone());
        Ok(Self {
            services: Arc::new(Services { gateway, api, journal, clock: clock.clone(), stopping: stopping.clone() }),
            snapshot: Arc::new(ArcSwap::from_pointee(snapshot)),
            health: Health { identities, standing, metrics, stopping, sink, clock },
            tasks,
            stop,
        })
    }
}

fn options(clock: &Clock, metrics: &Arc<Metrics>) -> Options {
    let metrics = Arc::clone(metrics);
    let observe = Arc::new(move |operation, done, took| metrics.database(operation, done, took));
    Options { clock: clock.clone(), observe, ..Options::default() }
}

fn identities<'a>(
    issuers: impl Iterator<Item = &'a config::Issuer>,
    http: &Arc<Http>,
    clock: &Clock,
    metrics: &Metrics,
    tasks: &mut Tasks,
) -> Result<Identities, prometheus::Error> {
    let keys_metrics = KeysMetrics::new(metrics.registry())?;
    let mut accepted = Vec::new();
    for issuer in issuers {
        let pace = Pace::new(issuer.keys_refresh, issuer.keys_max_stale);
        let keys = Arc::new(IssuerKeys::new(Arc::clone(&issuer.name), pace, clock.clone(), keys_metrics.clone()));
        tasks.restarting("keys", {
            let (keys, issuer, http) = (Arc::clone(&keys), issuer.clone(), Arc::clone(http));
            move || {
                let source = KeySource::new(&issuer, Arc::new(realm::oidc(&issuer, &http)));
                Arc::clone(&keys).run(source, std::future::pending())
            }
        });
        accepted.push((issuer.clone(), keys));
    }
    Ok(Identities::new(accepted, MAX_TOKENS, TokenMetrics::new(metrics.registry())?))
}

fn snapshot(settings: Settings, api: &Api) -> Result<Snapshot, PathPatternError> {
    let mut routes = settings.routes;
    routes.extend(api.routes()?);
    Ok(Snapshot {
        routes: Routes::new(routes).reserving(&PathPattern::parse(&format!("{}/*", settings.auth.prefix))?),
        upstreams: Arc::new(Upstreams::new(settings.upstreams)),
        trusted_proxies: TrustedProxies::new(settings.server.trusted_proxies),
    })
}

/// Cleans what has expired, in memory and in the log.
fn keeper(
    standing: Arc<Standing>,
    store: Arc<dyn Store>,
    keep: Duration,
) -> impl FnMut() -> futures_util::future::BoxFuture<'static, ()> {
    move || {
        let (standing, store) = (Arc::clone(&standing), Arc::clone(&store));
        Box::pin(async move {
            loop {
                tokio::time::sleep(BETWEEN_SWEEPS).await;
                standing.sweep();
                if let Err(error) = store.clean(keep).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the change log could not be cleaned");
                }
            }
        })
    }
}

/// Beyond the longest life of a token: clocks differ, and a sweep is not on time.
const SPARE: Duration = Duration::from_secs(600);
const FIRST_KEYS: Duration = Duration::from_secs(3);
const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);
/// A proven token is some 600 bytes: 60 MB.
const MAX_TOKENS: u64 = 100_000;
