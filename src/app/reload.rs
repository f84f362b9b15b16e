//! Reads the configuration again, when told to or when its files change, and swaps the snapshot in one step; or keeps
//! all of the old one, and says why.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tracing::{error, info, warn};

use super::Snapshot;
use super::signals::Hangups;
use super::watch::{Contents, Watch};
use super::workshop::{SnapshotError, Workshop};
use crate::config::{Complaints, Fixed, Settings, Source};
use crate::listener::{CertificateError, Certificates};

mod metrics;

pub(super) use metrics::ReloadMetrics;

/// Everything that a reload needs.
pub(super) struct Reload {
    source: Arc<Source>,
    workshop: Workshop,
    fixed: Fixed,
    snapshot: Arc<ArcSwap<Snapshot>>,
    certificates: Option<Arc<Certificates>>,
    metrics: ReloadMetrics,
    watch: Watch,
    /// From a try that failed because something was away to the next.
    again: Option<Duration>,
}

/// Why a reload was asked for.
#[derive(Clone, Copy, Debug)]
enum Cause {
    Signal,
    File,
    /// What was away may be there again.
    Again,
}

/// Why everything stays as it is.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error("{}", .0.to_string().trim_end())]
    Complaints(#[from] Complaints),
    #[error("{} changes which realm is ours, which needs a restart", .0.join(" and "))]
    OtherRealm(Vec<&'static str>),
    #[error("tokens would live longer than revocations are kept: a longer max_lifetime or leeway needs a restart")]
    Lifetime,
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error("[server.tls] {0}")]
    Certificate(#[from] CertificateError),
    #[error("the reader of the configuration has panicked, which is a defect")]
    Panicked,
}

impl Reload {
    /// Reloads from that source. What it says now is in force already.
    pub(super) fn new(
        source: Source,
        workshop: Workshop,
        fixed: Fixed,
        snapshot: Arc<ArcSwap<Snapshot>>,
        certificates: Option<Arc<Certificates>>,
        metrics: ReloadMetrics,
    ) -> Self {
        let mut watch = Watch::default();
        watch.know(Contents::of(files(&source, &snapshot.load().settings)));
        metrics.started();
        Self { source: Arc::new(source), workshop, fixed, snapshot, certificates, metrics, watch, again: None }
    }

    /// The task that waits for signals and changes; what it knows outlives a panic.
    pub(super) fn task(self, hangups: Hangups) -> impl FnMut() -> BoxFuture<'static, ()> + Send {
        let state = Arc::new(Mutex::new((self, hangups)));
        move || {
            let state = Arc::clone(&state);
            Box::pin(async move {
                let (reload, hangups) = &mut *state.lock().await;
                loop {
                    let again = reload.again;
                    let cause = tokio::select! {
                        () = hangups.next() => Cause::Signal,
                        () = reload.changed() => Cause::File,
                        () = after(again) => Cause::Again,
                    };
                    reload.run(cause).await;
                }
            })
        }
    }

    async fn changed(&mut self) {
        loop {
            let changed = self.watch.look().await;
            if changed && self.snapshot.load().settings.server.reload_on_change {
                return;
            }
        }
    }

    async fn run(&mut self, cause: Cause) {
        let before = self.contents(self.watch.files()).await;
        if matches!(cause, Cause::Again) && before != *self.watch.known() {
            // Another file than the one that was asked for: it may not be meant to be taken up yet.
            self.again = None;
            return;
        }
        match self.attempt(cause).await {
            Ok(unchanged) => {
                self.again = None;
                self.metrics.applied();
                info!(?cause, "the configuration was reloaded");
                if !unchanged.is_empty() {
                    warn!(needs_restart = unchanged.join(", "), "needs a restart: {}", unchanged.join(", "));
                }
            }
            Err(error) => self.failed(cause, &error),
        }
        let now = self.contents(files(&self.source, &self.snapshot.load().settings)).await;
        self.watch.know(before.over(now));
    }

    /// Says so once, however often it is tried again.
    fn failed(&mut self, cause: Cause, error: &ReloadError) {
        let (is_away, is_repeated) = (error.is_away(), matches!(cause, Cause::Again));
        if !(is_away && is_repeated) {
            self.metrics.refused();
            error!(?cause, %error, "the configuration was not reloaded: the one before stays in force, all of it");
        }
        let pause = self.again.filter(|_| is_repeated).map_or(FIRST_PAUSE, |pause| pause.saturating_mul(2));
        self.again = is_away.then(|| pause.min(LONGEST_PAUSE));
    }

    /// Reads, checks and builds everything, and only then swaps; the keys that it changed in vain.
    async fn attempt(&self, cause: Cause) -> Result<Vec<&'static str>, ReloadError> {
        let source = Arc::clone(&self.source);
        let read = tokio::task::spawn_blocking(move || source.read()).await;
        let (settings, warnings) = read.map_err(|_| ReloadError::Panicked)??;
        if !matches!(cause, Cause::Again) {
            warnings.iter().for_each(|warning| warn!("{warning}"));
        }
        let other_realm = self.fixed.other_realm(&settings);
        if !other_realm.is_empty() {
            return Err(ReloadError::OtherRealm(other_realm));
        }
        if self.fixed.is_outlived_by(&settings) {
            return Err(ReloadError::Lifetime);
        }
        let in_vain = self.fixed.changed_by(&settings);
        let files = settings.server.tls.as_ref().map(|tls| tls.certificates.clone());
        let before = self.snapshot.load_full();
        let next = self.workshop.snapshot(settings, Some(&before)).await?;
        // Last, as the files may change while the rest is built.
        let certificates = match self.certificates.as_deref().zip(files) {
            Some((certificates, files)) => Some(certificates.prepare(&files).await?),
            None => None,
        };
        self.snapshot.store(Arc::new(next));
        before.retire();
        if let Some(certificates) = certificates {
            certificates.take();
        }
        Ok(in_vain)
    }

    async fn contents(&self, files: Vec<PathBuf>) -> Contents {
        tokio::task::spawn_blocking(move || Contents::of(files)).await.unwrap_or_default()
    }
}

impl ReloadError {
    /// Whether the same file may be taken up later.
    fn is_away(&self) -> bool {
        match self {
            Self::Snapshot(SnapshotError::Keys { .. } | SnapshotError::Names { .. }) => true,
            Self::Snapshot(SnapshotError::Prefix(_))
            | Self::Complaints(_)
            | Self::OtherRealm(_)
            | Self::Lifetime
            | Self::Certificate(_)
            | Self::Panicked => false,
        }
    }
}

async fn after(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

/// The configuration file, and what it names.
fn files(source: &Source, settings: &Settings) -> Vec<PathBuf> {
    std::iter::once(source.file()).chain(settings.secret_files()).map(PathBuf::from).collect()
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
