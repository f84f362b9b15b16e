//! From the events of a realm to changes: what sends no logout token, and what was missed while nobody listened.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use tracing::{info, warn};

use super::event_types::EventTypes;
use super::{AnnounceError, Announcer, Fate, Meaning, Signal, SignalMetrics};
use crate::clock::{Boot, Clock};
use crate::identity::IssuerKeys;
use crate::keycloak::{Admin, KeycloakError, PAGE, Span};
use crate::standing::Standing;
use crate::store::{Change, Cursors, StoreError};

/// Reads the events of one issuer again and again. Every node does: what one has announced, the others know.
pub struct Poller {
    /// What is read.
    pub admin: Admin,
    /// What it means.
    pub meaning: Meaning,
    /// The issuer's keys, which administrators change.
    pub keys: Arc<IssuerKeys>,
    /// The issuer's short name.
    pub name: Arc<str>,
    /// From one read to the next.
    pub interval: Duration,
    /// How far back events matter: no token lives longer.
    pub keep: Duration,
    /// Where it is kept how far events were read.
    pub cursors: Arc<dyn Cursors>,
    /// Who is told.
    pub announcer: Arc<Announcer>,
    /// What the log has already.
    pub standing: Arc<Standing>,
    /// What is counted.
    pub metrics: SignalMetrics,
    /// The clock.
    pub clock: Clock,
    /// When events were last read.
    pub freshness: Arc<Freshness>,
}

/// When the events of an issuer were last read and applied.
#[derive(Debug)]
pub struct Freshness(AtomicU64);

/// Why events could not be read or applied.
#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error("the realm does not tell its events")]
    Keycloak(#[from] KeycloakError),
    #[error("it is not known how far events were read")]
    Cursor(#[from] StoreError),
    #[error("what the events say could not be announced")]
    Announce(#[from] AnnounceError),
    #[error("the users database has not taken what the events say in time")]
    Late,
}

/// What one event means.
struct Occurrence {
    id: String,
    at: i64,
    changes: Vec<Change>,
    /// Whether the issuer's keys may be others now.
    changes_keys: bool,
}

/// Events of one kind, and how far they were read.
struct Stream {
    kind: Kind,
    types: EventTypes,
    read_to: Option<i64>,
    /// By name, those of the last minute: each is applied once.
    seen: HashMap<String, i64>,
    moved_at: Boot,
}

#[derive(Clone, Copy)]
enum Kind {
    Admin,
    User,
}

impl Freshness {
    /// Never, so far.
    #[must_use]
    pub fn never() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    /// How long ago.
    #[must_use]
    pub fn age(&self, clock: &Clock) -> Option<Duration> {
        match self.0.load(Ordering::Acquire) {
            u64::MAX => None,
            nanos => Some(clock.boot().since(Boot::from_nanos(nanos))),
        }
    }
}

impl Poller {
    /// Reads until it is dropped.
    pub async fn run(self: Arc<Self>) {
        let now = self.clock.boot();
        let mut streams = [Stream::new(Kind::Admin, now), Stream::new(Kind::User, now)];
        let mut failures = 0_u32;
        loop {
            let polled = self.poll_all(&mut streams).await;
            failures = match &polled {
                Ok(()) => self.recovered(failures),
                Err(error) => self.failed(failures, error),
            };
            tokio::time::sleep(self.pause(&polled)).await;
        }
    }

    /// Also where nobody answers: what Keycloak does when it is back must be heard of in time, and a node whose lease
    /// comes back must not have missed what held in memory.
    fn pause(&self, polled: &Result<(), PollError>) -> Duration {
        match polled {
            Ok(()) | Err(PollError::Keycloak(_) | PollError::Cursor(_) | PollError::Announce(_)) => self.interval,
            Err(PollError::Late) => AT_ONCE,
        }
    }

    /// Both kinds at once; neither waits for the other's trouble.
    async fn poll_all(&self, streams: &mut [Stream; 2]) -> Result<(), PollError> {
        let began = self.clock.boot();
        let [admin, user] = streams;
        let (admin, user) = tokio::join!(self.poll(admin), self.poll(user));
        admin?;
        user?;
        self.freshness.0.store(began.as_nanos(), Ordering::Release);
        Ok(())
    }

    async fn poll(&self, stream: &mut Stream) -> Result<(), PollError> {
        let mut span = Span { from: self.start(stream).await?, first: 0 };
        loop {
            let page = self.fetch(stream, span).await?;
            let (full, last) = (page.len() >= PAGE, page.last().map_or(span.from, |last| last.at));
            self.apply(stream, page).await?;
            if !full {
                return Ok(());
            }
            // By time, not by number: events that are purged meanwhile would shift the numbers.
            span = match last > span.from {
                true => Span { from: last, first: 0 },
                false => Span { first: span.first + PAGE, ..span },
            };
        }
    }

    /// Events become visible when their transaction ends, so those of the last half minute are read once more, until
    /// a minute has passed without a new one.
    async fn start(&self, stream: &mut Stream) -> Result<i64, PollError> {
        let read_to = match stream.read_to {
            Some(read_to) => read_to,
            None => {
                let wall = self.clock.wall().0.saturating_sub(self.keep.as_secs()).saturating_mul(1000);
                let oldest = i64::try_from(wall).unwrap_or(i64::MAX);
                let kept = self.cursors.cursor(&self.meaning.issuer, stream.kind.name()).await?;
                *stream.read_to.insert(kept.map_or(oldest, |kept| kept.max(oldest)))
            }
        };
        let quiet = self.clock.boot().since(stream.moved_at) > QUIET;
        Ok(if quiet { read_to } else { read_to.saturating_sub(OVERLAP) })
    }

    async fn fetch(&self, stream: &mut Stream, span: Span) -> Result<Vec<Occurrence>, KeycloakError> {
        match stream.kind {
            Kind::Admin => {
                let events = self.admin.admin_events(span).await?;
                let occurred = events.into_iter().map(|event| Occurrence {
                    changes: self.meaning.of_admin(&event),
                    changes_keys: Meaning::changes_keys(&event),
                    at: event.time,
                    id: event.id,
                });
                Ok(occurred.collect())
            }
            Kind::User => {
                let events = stream.types.read(&self.admin, span, self.clock.boot()).await?;
                let occurred = events.into_iter().map(|event| Occurrence {
                    changes: self.meaning.of_user(&event),
                    changes_keys: false,
                    at: event.time,
                    id: event.id,
                });
                Ok(occurred.collect())
            }
        }
    }

    /// Announces what is new, and moves on only when it holds everywhere.
    async fn apply(&self, stream: &mut Stream, page: Vec<Occurrence>) -> Result<(), PollError> {
        let fresh: Vec<_> = page.into_iter().filter(|one| !stream.seen.contains_key(&one.id)).collect();
        let Some(newest) = fresh.iter().map(|one| one.at).max() else { return Ok(()) };
        if fresh.iter().any(|one| one.changes_keys) {
            self.keys.read_again();
        }
        // It holds in memory at once; what is not written by then is read again with what came meanwhile.
        timeout(TO_WRITE, self.write(stream, &fresh, newest)).await.map_err(|_| PollError::Late)??;
        stream.seen.extend(fresh.into_iter().map(|one| (one.id, one.at)));
        let oldest = newest.saturating_sub(2 * OVERLAP);
        stream.seen.retain(|_, at| *at >= oldest);
        Ok(())
    }

    async fn write(&self, stream: &mut Stream, fresh: &[Occurrence], newest: i64) -> Result<(), PollError> {
        let changes: Vec<_> = fresh.iter().flat_map(|one| one.changes.iter().cloned()).collect();
        if !changes.is_empty() {
            // What is dead here may still wait to be written, and the cursor must not pass it before.
            let unwritten = changes.iter().filter(|change| self.standing.written(change).is_none()).count();
            self.announcer.announce(&changes, self.clock.boot()).await?;
            (0..unwritten).for_each(|_| self.metrics.heard(Signal::Event, Fate::Applied));
        }
        self.advance(stream, newest).await
    }

    async fn advance(&self, stream: &mut Stream, newest: i64) -> Result<(), PollError> {
        if stream.read_to.is_some_and(|read_to| newest <= read_to) {
            return Ok(());
        }
        self.cursors.advance(&self.meaning.issuer, stream.kind.name(), newest).await?;
        stream.read_to = Some(newest);
        stream.moved_at = self.clock.boot();
        Ok(())
    }

    fn recovered(&self, failures: u32) -> u32 {
        self.metrics.polled(&self.name, "ok");
        if failures > 0 {
            info!(issuer = &*self.name, "the events of the realm are read again");
        }
        0
    }

    /// Told once, however long it lasts.
    fn failed(&self, failures: u32, error: &PollError) -> u32 {
        self.metrics.polled(&self.name, error.outcome());
        if failures == 0 {
            let (issuer, cause) = (&*self.name, error as &dyn std::error::Error);
            match error {
                PollError::Keycloak(_) => warn!(
                    issuer,
                    error = cause,
                    "events of the realm cannot be read: what sends no logout token is not heard of; the service account needs the role view-events"
                ),
                PollError::Cursor(_) | PollError::Announce(_) | PollError::Late => warn!(
                    issuer,
                    error = cause,
                    "what the events of the realm say cannot be written: it holds on this node alone, and is read again"
                ),
            }
        }
        failures.saturating_add(1)
    }
}

impl Stream {
    fn new(kind: Kind, now: Boot) -> Self {
        Self { kind, types: EventTypes::default(), read_to: None, seen: HashMap::new(), moved_at: now }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }
}

impl PollError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Keycloak(_) => "keycloak",
            Self::Cursor(_) | Self::Announce(_) | Self::Late => "database",
        }
    }
}

/// In milliseconds.
const OVERLAP: i64 = 30_000;
const QUIET: Duration = Duration::from_secs(60);
/// A little more than it takes to go on without a node that does not answer.
const TO_WRITE: Duration = Duration::from_millis(1500);
const AT_ONCE: Duration = Duration::from_millis(100);
