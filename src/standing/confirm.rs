//! The question that is asked last: may this still pass?

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::written::Written;
use super::{Death, Fence, Live, Revoked, RightsMarks};
use crate::clock::{Boot, Clock, Timestamp};
use crate::identity::Subject;
use crate::keycloak::Introspection;
use crate::rights::{Epoch, Principal};
use crate::store::{Batch, Change, ChangeKind, Position};
use crate::streams::Streams;
use crate::sync::AtomicI64;

/// Everything that can make a proven, enriched principal untrue. Answers from memory, without waiting.
#[derive(Debug)]
pub struct Standing {
    clock: Clock,
    fence: Fence,
    revoked: Revoked,
    marks: RightsMarks,
    pub(super) written: Written,
    epoch: Arc<Epoch>,
    applied: AtomicI64,
    streams: Arc<Streams>,
}

/// The answer of [`Standing::confirm`].
#[derive(Debug)]
pub enum Verdict {
    /// Still true.
    Live(Live),
    /// Never again.
    Dead(Death),
    /// The rights were read before a change: enrich again. The position is what the read must have seen.
    Stale(Staleness),
    /// This node does not know: it has not heard of changes for too long.
    Blind,
}

/// What must be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// The account, at least as new as this.
    Account(Position),
    /// The catalogue, at least as new as this.
    Catalogue(Position),
}

impl Standing {
    /// Knows nothing yet and trusts nothing: the fence opens with the first poll.
    #[must_use]
    pub fn new(clock: Clock, stale_when_blind: Duration, keep: Duration, epoch: Arc<Epoch>) -> Self {
        Self {
            clock,
            fence: Fence::new(stale_when_blind),
            revoked: Revoked::new(keep),
            marks: RightsMarks::default(),
            written: Written::default(),
            epoch,
            applied: AtomicI64::new(0),
            streams: Arc::default(),
        }
    }

    /// One look after the last await: fence, revocations, expiry by a clock read after them, rights.
    ///
    /// The order matters: a request that slept across the clean-up of its revocation is refused by its expiry.
    #[must_use]
    pub fn confirm(&self, principal: Principal) -> Verdict {
        if self.fence.open(&self.clock) { self.judge(principal) } else { Verdict::Blind }
    }

    /// The same without a lease, of a token that Keycloak called active when it was asked after the request came: what
    /// is dead in memory stays dead, and of our own rights Keycloak knows nothing.
    #[must_use]
    pub fn confirm_active(&self, principal: Principal, _: &Introspection) -> Verdict {
        if self.fence.open(&self.clock) || self.fence.lets_rights_pass(&self.clock) {
            self.judge(principal)
        } else {
            Verdict::Blind
        }
    }

    fn judge(&self, principal: Principal) -> Verdict {
        let identity = principal.identity();
        if let Some(death) = self.revoked.death(identity) {
            return Verdict::Dead(death);
        }
        let now = self.clock.wall();
        if identity.expires_at() <= now {
            return Verdict::Dead(Death::Expired);
        }
        self.up_to_date(principal, now)
    }

    /// The same for a request that was let in at `since` and goes on: what its time is over for is asked elsewhere.
    #[must_use]
    pub fn still(&self, principal: Principal, since: Timestamp) -> Verdict {
        // Without a lease it may go on as its rights may: what it was let in by was asked then.
        if !self.fence.open(&self.clock) && !self.fence.lets_rights_pass(&self.clock) {
            return Verdict::Blind;
        }
        match self.revoked.death(principal.identity()) {
            Some(death) => Verdict::Dead(death),
            None => self.up_to_date(principal, since),
        }
    }

    /// The requests that go on.
    #[must_use]
    pub fn streams(&self) -> &Arc<Streams> {
        &self.streams
    }

    /// The position that an answer about this subject must have seen to count.
    #[must_use]
    pub fn required(&self, subject: &Subject) -> Position {
        self.marks.subject(subject)
    }

    /// Whether this node hears of changes, so that its memory may be trusted.
    #[must_use]
    pub fn sees(&self) -> bool {
        self.fence.open(&self.clock)
    }

    /// Whether rights in memory may be used, though sessions may not.
    #[must_use]
    pub fn lets_rights_pass(&self) -> bool {
        self.fence.lets_rights_pass(&self.clock)
    }

    /// How far this node has applied the log.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.applied.load(Ordering::Relaxed))
    }

    pub(super) fn applied(&self, position: Position) {
        self.applied.store(position.0, Ordering::Relaxed);
    }

    /// The clock that it judges by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What is dead in memory, and not in a log that was read whole.
    pub(super) fn lacking(&self, log: &Batch) -> Vec<Change> {
        self.revoked.lacking(log.entries.iter().map(|entry| &entry.change))
    }

    /// The fence, for those who wait for it or show it.
    #[must_use]
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// What is dead, for those who count it.
    #[must_use]
    pub fn revoked(&self) -> &Revoked {
        &self.revoked
    }

    /// Where the log holds a change already, so that writing it again would add nothing.
    #[must_use]
    pub fn written(&self, change: &Change) -> Option<Position> {
        self.written.find(change, self.clock.boot())
    }

    /// Learns of a change that this node makes itself: too early is never wrong.
    pub fn learn(&self, change: &Change) {
        self.revoked.learn(change, &self.clock);
        self.streams.touch(change);
    }

    /// Applies what a poll returned; nothing is trusted longer before that is done. `since` is when the poll before
    /// was sent, which did not return these entries.
    pub(super) fn apply(&self, batch: &Batch, since: Option<Boot>) {
        if batch.restarted {
            self.begin_anew();
            self.written.lose();
        }
        // Of a log that is read whole, nobody knows how old its entries are.
        let since = since.filter(|_| !batch.restarted);
        for entry in &batch.entries {
            self.revoked.learn(&entry.change, &self.clock);
            self.marks.learn(&entry.change, entry.position, &self.clock);
            if let Some(since) = since {
                self.written.read(entry, since);
            }
        }
        // Whoever is woken finds all of it.
        if batch.restarted {
            self.streams.touch_all();
        }
        for entry in &batch.entries {
            self.streams.touch(&entry.change);
        }
    }

    /// Trusts no rights that were read until now. In this order, and asked for in the other: in between, nothing of the old
    /// epoch passes.
    pub(super) fn begin_anew(&self) {
        self.epoch.turn();
        self.marks.clear();
    }

    /// Forgets what cannot matter any more.
    pub fn sweep(&self) {
        self.revoked.sweep(&self.clock);
        self.marks.sweep(&self.clock);
        self.written.sweep(self.clock.boot());
    }

    fn up_to_date(&self, principal: Principal, at: Timestamp) -> Verdict {
        match self.staleness(&principal) {
            Some(staleness) => Verdict::Stale(staleness),
            None => Verdict::Live(Live::new(principal, at)),
        }
    }

    fn staleness(&self, principal: &Principal) -> Option<Staleness> {
        let account = self.marks.overtaken(principal.identity().subject(), principal.account_as_of());
        let catalogue = self.marks.catalogue();
        // After the marks: whoever finds them cleared finds the epoch turned.
        if !principal.is_of(self.epoch.now()) {
            return Some(Staleness::Account(Position(i64::MAX)));
        }
        let catalogue = (principal.catalogue_as_of() < catalogue).then_some(Staleness::Catalogue(catalogue));
        account.map(Staleness::Account).or(catalogue)
    }
}

/// Whether a batch says that the catalogue is to be read again, and since when.
pub(super) fn catalogue_change(batch: &Batch) -> Option<Position> {
    batch.entries.iter().rev().find(|entry| entry.change.kind == ChangeKind::Catalogue).map(|entry| entry.position)
}
