//! Puts the services together.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::authorities::Authorities;
use super::keeper::Keeper;
use super::reload::{Reload, ReloadMetrics};
use super::signals::Hangups;
use super::workshop::{SnapshotError, Workshop};
use super::{Services, Snapshot, Tasks, database, realm};
use crate::accounts::Provisioner;
use crate::api::{Kept, ThrottleMetrics};
use crate::clock::Clock;
use crate::config::{Fixed, Provision, Settings, Source};
use crate::doctor::CheckMetrics;
use crate::identity::{KeysMetrics, TokenMetrics};
use crate::keycloak::{KeycloakMetrics, SetupError};
use crate::listener::{CertificateError, Certificates};
use crate::metrics::Metrics;
use crate::operations::Health;
use crate::proxy::HealthChecks;
use crate::rights::{Directory, Epoch};
use crate::signals::{AnnounceMetrics, Announcer, IntrospectionMetrics, SignalMetrics, Signals, Spread};
use crate::standing::{Follower, Membership, Standing};
use crate::store::{Node, Options, StoreError};
use crate::telemetry::{Journal, Sink};
use crate::upstream::UpstreamMetrics;

/// A gateway that is put together and loaded, and does not listen yet.
pub struct App {
    /// What every request uses.
    pub services: Arc<Services>,
    /// What a reload swaps.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// What the operations listener shows.
    pub health: Health,
    /// What TLS is spoken with, where it is.
    pub certificates: Option<Arc<Certificates>>,
    /// Whom upstreams are believed by, where the system's authorities are not all.
    pub(super) authorities: Option<Authorities>,
    /// What runs beside the requests.
    pub tasks: Tasks,
    /// What tells the others, and has to finish.
    pub announcer: Arc<Announcer>,
    /// This node among the others.
    pub membership: Arc<Membership>,
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
    /// The settings make no snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A certificate cannot be used any more: `[server.tls]` was checked before.
    #[error("[server.tls] {0}")]
    Certificate(#[from] CertificateError),
    /// The file of further authorities cannot be read.
    #[error("the trusted authorities cannot be read (SSL_CERT_FILE): {0}")]
    Authorities(std::io::Error),
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
    pub(super) async fn build(
        settings: Settings,
        source: Option<Source>,
        hangups: Hangups,
        sink: Sink,
    ) -> Result<Self, StartError> {
        let clock = Clock::system();
        let metrics = Arc::new(Metrics::new()?);
        let mut tasks = Tasks::default();
        let (stop, stopping) = watch::channel(false);

        let store = database::open(&settings.users, options(&clock, &metrics)).await?;
        let epoch = Arc::new(Epoch::default());
        let fixed = Fixed::by(&settings);
        let keep = fixed.keep();
        let standing =
            Arc::new(Standing::new(clock.clone(), settings.users.stale_when_blind, keep, Arc::clone(&epoch)));
        let provisioner = match settings.users.provision {
            Provision::Never => None,
            Provision::OnFirstSight => Some(Provisioner::new(Arc::clone(&store) as _)),
        };
        let directory = Arc::new(Directory::open(Arc::clone(&store) as _, epoch, provisioner).await?);
        let membership = Arc::new(Membership::new(Arc::clone(&store), Arc::clone(&standing), node(&settings)));
        let mut follower =
            Follower::new(Arc::clone(&store), Arc::clone(&membership), Arc::clone(&standing), Arc::clone(&directory));
        follower.load().await?;
        tasks.essential("change log", follower.follow());

        let spread = Arc::new(Spread::new(Arc::clone(&store), clock.clone()));
        tasks.restarting("spread", {
            let spread = Arc::clone(&spread);
            move || Arc::clone(&spread).run()
        });
        let announce_metrics = AnnounceMetrics::new(metrics.registry())?;
        let announcer =
            Arc::new(Announcer::new(Arc::clone(&store), Arc::clone(&standing), Arc::clone(&spread), announce_metrics));
        tasks.restarting("announcer", {
            let announcer = Arc::clone(&announcer);
            move || Arc::clone(&announcer).write()
        });
        tasks.restarting("last revocation", {
            let (membership, revocations) = (Arc::clone(&membership), announcer.revocations());
            move || {
                let (membership, revocations) = (Arc::clone(&membership), revocations.clone());
                async move { membership.note_revocations(revocations).await }
            }
        });

        let signals = Arc::new(Signals::new(Arc::clone(&announcer), SignalMetrics::new(metrics.registry())?));

        let (kept, swept) = (Arc::clone(&store), Arc::clone(&directory));
        let authorities = std::env::var_os("SSL_CERT_FILE").map(|file| Authorities::with(file.as_ref()));
        let authorities = authorities.transpose().map_err(StartError::Authorities)?;
        let workshop = Workshop {
            http: Arc::new(realm::http(KeycloakMetrics::new(metrics.registry())?)?),
            keys_metrics: KeysMetrics::new(metrics.registry())?,
            token_metrics: TokenMetrics::new(metrics.registry())?,
            check_metrics: CheckMetrics::new(metrics.registry())?,
            upstream_metrics: UpstreamMetrics::new(metrics.registry())?,
            introspection_metrics: IntrospectionMetrics::new(metrics.registry())?,
            checks: Arc::new(HealthChecks::new(authorities.as_ref().map(Authorities::path))),
            kept: Kept::new(settings.auth.throttle, &ThrottleMetrics::new(metrics.registry())?, &clock),
            clock: clock.clone(),
            store,
            standing: Arc::clone(&standing),
            signals: Arc::clone(&signals),
            announcer: Arc::clone(&announcer),
            directory,
            keep,
        };
        let certificates = certificates(&settings, &metrics, &mut tasks)?;
        let snapshot = Arc::new(ArcSwap::from_pointee(workshop.snapshot(settings, None).await?));
        let keeper = Keeper {
            standing: Arc::clone(&standing),
            directory: swept,
            store: kept,
            spread: Arc::clone(&spread),
            snapshot: Arc::clone(&snapshot),
            keep,
        };
        tasks.restarting("keeper", move || keeper.clone().run());
        if let Some(source) = source {
            let metrics = ReloadMetrics::new(metrics.registry())?;
            let reload = Reload::new(source, workshop, fixed, Arc::clone(&snapshot), certificates.clone(), metrics);
            tasks.restarting("reload", reload.task(hangups));
        }
        let journal = Journal::new(Arc::clone(&metrics), sink.clone());
        Ok(Self {
            services: Arc::new(Services { journal, clock: clock.clone(), stopping: stopping.clone() }),
            snapshot: Arc::clone(&snapshot),
            health: Health {
                snapshot,
                standing,
                spread,
                metrics,
                signals: signals.metrics().clone(),
                stopping,
                sink,
                clock,
                scrapes: Arc::default(),
            },
            certificates,
            authorities,
            tasks,
            membership,
            announcer,
            stop,
        })
    }
}

fn certificates(
    settings: &Settings,
    metrics: &Arc<Metrics>,
    tasks: &mut Tasks,
) -> Result<Option<Arc<Certificates>>, CertificateError> {
    let Some(tls) = &settings.server.tls else { return Ok(None) };
    let certificates = Arc::new(Certificates::load(&tls.certificates, Arc::clone(metrics))?);
    tasks.restarting("certificates", {
        let certificates = Arc::clone(&certificates);
        move || Arc::clone(&certificates).follow()
    });
    Ok(Some(certificates))
}

fn options(clock: &Clock, metrics: &Arc<Metrics>) -> Options {
    let metrics = Arc::clone(metrics);
    let observe = Arc::new(move |operation, done, took| metrics.database(operation, done, took));
    Options { clock: clock.clone(), observe, ..Options::default() }
}

/// What other nodes and people are told of this one.
fn node(settings: &Settings) -> Node {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Node { name: format!("{host}:{}", settings.server.listen.port()), version: env!("CARGO_PKG_VERSION").to_owned() }
}
