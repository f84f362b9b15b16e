//! From what an issuer has signed to changes that hold; each statement once.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use super::{AnnounceError, Announcer, Fate, Signal, SignalMetrics};
use crate::clock::{Boot, Timestamp};
use crate::identity::{Action, LogoutToken, Order};
use crate::store::{Change, ChangeKind};

/// Takes logout tokens and orders. One that was taken before changes nothing: what it says holds already.
pub struct Signals {
    announcer: Arc<Announcer>,
    taken: Cache<(Arc<str>, Arc<str>), ()>,
    metrics: SignalMetrics,
}

impl Signals {
    /// Nothing was taken yet.
    #[must_use]
    pub fn new(announcer: Arc<Announcer>, metrics: SignalMetrics) -> Self {
        let taken = Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBER).build();
        Self { announcer, taken, metrics }
    }

    /// What signals count.
    #[must_use]
    pub fn metrics(&self) -> &SignalMetrics {
        &self.metrics
    }

    /// Lets a logout token hold: everywhere when this returns.
    ///
    /// # Errors
    /// It could not be written in time, and holds on this node alone.
    pub async fn log_out(&self, token: &LogoutToken, now: Timestamp, arrived: Boot) -> Result<(), AnnounceError> {
        let name = (Arc::clone(token.issuer()), Arc::clone(token.jti()));
        self.take(Signal::BackchannelLogout, name, ended(token, now), arrived).await
    }

    /// Lets an order hold, likewise.
    ///
    /// # Errors
    /// It could not be written in time, and holds on this node alone.
    pub async fn obey(&self, order: &Order, arrived: Boot) -> Result<(), AnnounceError> {
        let name = (Arc::clone(order.issuer()), Arc::clone(order.id()));
        self.take(Signal::of(order.action()), name, ordered(order), arrived).await
    }

    async fn take(
        &self,
        signal: Signal,
        name: (Arc<str>, Arc<str>),
        change: Option<Change>,
        arrived: Boot,
    ) -> Result<(), AnnounceError> {
        if self.taken.contains_key(&name) {
            self.metrics.heard(signal, Fate::Replayed);
            return Ok(());
        }
        if let Err(error) = self.announcer.announce(change.as_slice(), arrived).await {
            // Not remembered: who sends it again is to be answered by another try.
            self.metrics.heard(signal, Fate::Unwritten);
            return Err(error);
        }
        self.taken.insert(name, ()).await;
        self.metrics.heard(signal, Fate::Applied);
        Ok(())
    }
}

/// What of a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Session,
    /// The part of one client, perhaps: it may sign in again in the same session.
    Client,
}

impl Extent {
    /// The first second whose tokens may be good again, where this ended at `moment`. Of a session that is over there are
    /// none, but a refresh that runs meanwhile may give one still; and a consent that is withdrawn looks as if all were over.
    #[must_use]
    pub fn until(self, moment: Timestamp) -> i64 {
        match self {
            // Rounded, so that what is told of one end by several signals is mostly the same.
            Self::Session => seconds((moment.0 / STEP + 3).saturating_mul(STEP)),
            Self::Client => after(moment),
        }
    }
}

/// The end of a session: where it has a name, that; else of everything of the subject that was issued until then.
#[must_use]
pub fn end_of(
    issuer: Arc<str>,
    sid: Option<&Arc<str>>,
    sub: &Arc<str>,
    (extent, moment): (Extent, Timestamp),
) -> Change {
    let (kind, key, until) = match sid {
        Some(sid) => (ChangeKind::Session, sid, extent.until(moment)),
        None => (ChangeKind::Subject, sub, after(moment)),
    };
    Change { issuer, kind, key: Arc::clone(key), not_before: Some(until) }
}

/// While Keycloak tells others, tokens may be newer than the logout token.
fn ended(token: &LogoutToken, now: Timestamp) -> Option<Change> {
    // A token with neither is refused before.
    let sub = token.sub().or(token.sid())?;
    let moment = token.issued_at().max(now);
    Some(end_of(Arc::clone(token.issuer()), token.sid(), sub, (Extent::Session, moment)))
}

/// A log-out of everybody ends the tokens of that second too: its sessions are dead, and whoever logged in since gets
/// a new token by a refresh. A pushed mark is Keycloak's own rule, which takes the tokens of that second for good.
fn ordered(order: &Order) -> Option<Change> {
    let mark = order.not_before()?;
    let not_before = Some(match order.action() {
        Action::Logout => mark.saturating_add(1),
        Action::PushNotBefore => mark,
    });
    let issuer = Arc::clone(order.issuer());
    Some(Change { key: Arc::clone(&issuer), issuer, kind: ChangeKind::Realm, not_before })
}

/// The first second whose tokens are newer than a moment, which is known to the second.
pub(super) fn after(moment: Timestamp) -> i64 {
    seconds(moment.0).saturating_add(1)
}

fn seconds(moment: u64) -> i64 {
    i64::try_from(moment).unwrap_or(i64::MAX)
}

/// Ten minutes at least are more than Keycloak takes to end a session; in seconds.
const STEP: u64 = 300;
/// Longer than any statement is good for.
const REMEMBER: Duration = Duration::from_secs(1200);
/// Some 200 bytes each; only what an issuer has signed comes here.
const REMEMBERED: u64 = 100_000;
