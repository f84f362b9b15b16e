//! The nodes that judge requests by the log, and how far each has applied it.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Batch, Position, StoreError};
use crate::clock::Boot;

/// Keeps the table `node`. Each method is a transaction of its own.
#[async_trait]
pub trait Members: Send + Sync {
    /// Makes a node a member, by an id that was never used before.
    async fn join(&self, id: Uuid, node: &Node) -> Result<(), StoreError>;

    /// The poll: says that everything up to `applied` has been applied, keeps the member alive, and returns what is
    /// newer. Nothing where it was evicted.
    async fn attend(&self, id: Uuid, applied: Option<Uuid>) -> Result<Option<Batch>, StoreError>;

    /// Everybody, and how far they are.
    async fn look(&self) -> Result<Look, StoreError>;

    /// Notes how long the last revocation that a member told the others of took to hold everywhere.
    async fn note_revocation(&self, id: Uuid, took: Duration) -> Result<(), StoreError>;

    /// Removes a member that has not moved since it was seen, by the connection that saw it; whether it was there.
    async fn evict(&self, member: &Member, line: &Line) -> Result<bool, StoreError>;

    /// Removes a member that judges nothing any more.
    async fn leave(&self, id: Uuid) -> Result<(), StoreError>;
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it runs, for people.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A member, as a look finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id, which it got when it joined.
    pub id: Uuid,
    /// What it says of itself.
    pub node: Node,
    /// How far it has applied the log; the start where its last change is not in the log.
    pub applied: Position,
    /// How often it has polled.
    pub beat: i64,
    /// The last revocation that it told the others of and that held everywhere; nothing where there was none.
    pub last_revocation: Option<LastRevocation>,
}

/// A revocation that one node told the others of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastRevocation {
    /// How long it took to hold everywhere.
    pub took: Duration,
    /// How long ago that was.
    pub ago: Duration,
}

impl LastRevocation {
    /// As the table has it, in microseconds; nothing where one is missing.
    pub(super) fn of(took_us: Option<i64>, ago_us: Option<i64>) -> Option<Self> {
        // Clocks that were set back make it now.
        let duration = |us: i64| Duration::from_micros(u64::try_from(us).unwrap_or(0));
        took_us.zip(ago_us).map(|(took, ago)| Self { took: duration(took), ago: duration(ago) })
    }
}

/// As the table has it.
pub(super) fn microseconds(took: Duration) -> i64 {
    i64::try_from(took.as_micros()).unwrap_or(i64::MAX)
}

/// All members at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The connection that looked.
    pub line: Line,
    /// When the look was sent.
    pub sent: Boot,
    /// The newest change.
    pub newest: Position,
    /// Everybody.
    pub members: Vec<Member>,
}

/// A connection to the database, from its opening to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Different from every other of this process.
    pub number: u64,
    /// When it was opened. Nothing where members cannot be lost without all nodes being lost.
    pub opened: Option<Boot>,
}

impl Look {
    /// Whether the members seen are all that may hold a lease: a crash or a failover that lost some of them would
    /// have ended an older connection.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.line.opened.is_none_or(|opened| self.sent >= opened.plus(GRACE))
    }

    /// Whether every member has applied the log up to there.
    #[must_use]
    pub fn is_everywhere(&self, position: Position) -> bool {
        self.members.iter().all(|member| member.applied >= position)
    }

    /// Whether a member of a later look has not polled since this one.
    #[must_use]
    pub fn has_seen(&self, member: &Member) -> bool {
        self.members.iter().any(|before| before.id == member.id && before.beat == member.beat)
    }

    /// Those that have not polled once between this look and a later one, which is long enough after it for every
    /// lease to be over.
    #[must_use]
    pub fn still<'l>(&self, later: &'l Self) -> Vec<&'l Member> {
        if self.line != later.line || !self.is_complete() || later.sent < self.sent.plus(GRACE) {
            return Vec::new();
        }
        later.members.iter().filter(|now| self.has_seen(now)).collect()
    }
}

/// Whether nodes with leases of that many milliseconds are nodes like this one.
pub(super) fn agree(length_ms: i64) -> Result<(), StoreError> {
    if Duration::from_millis(u64::try_from(length_ms).unwrap_or(0)) == LEASE {
        Ok(())
    } else {
        Err(StoreError::Schema(format!("its nodes hold leases of {length_ms} ms, and this version of {LEASE:?}")))
    }
}

/// How long a poll lets a node trust its memory, from before it was sent. All nodes of a database must agree.
pub const LEASE: Duration = Duration::from_secs(1);

/// After this, by one's own clock, a lease that was running is over, whatever clock it runs by: they may differ by a
/// tenth, as Linux lets NTP slew them, so that (1 + ρ) / (1 − ρ) = 1.22 would do.
pub const GRACE: Duration = Duration::from_millis(1250);

#[cfg(test)]
mod tests {
    use super::*;

    fn look(line: u64, opened: u64, sent: u64, members: &[(u128, i64, i64)]) -> Look {
        let node = Node { name: "a".to_owned(), version: "1".to_owned() };
        let member = |&(id, applied, beat): &(u128, i64, i64)| Member {
            id: Uuid::from_u128(id),
            node: node.clone(),
            applied: Position(applied),
            beat,
            last_revocation: None,
        };
        Look {
            line: Line { number: line, opened: Some(at(opened)) },
            sent: at(sent),
            newest: Position(9),
            members: members.iter().map(member).collect(),
        }
    }

    fn at(milliseconds: u64) -> Boot {
        Boot::from_nanos(milliseconds * 1_000_000)
    }

    #[test]
    fn a_change_is_everywhere_when_everybody_has_it() {
        let seen = look(1, 0, 5000, &[(1, 9, 1), (2, 8, 1)]);
        assert!(seen.is_everywhere(Position(8)) && !seen.is_everywhere(Position(9)));
        assert!(look(1, 0, 5000, &[]).is_everywhere(Position(9)));
    }

    #[test]
    fn a_young_connection_does_not_know_everybody() {
        assert!(!look(1, 0, 1249, &[]).is_complete());
        assert!(look(1, 0, 1250, &[]).is_complete());
    }

    #[test]
    fn who_stands_still_for_as_long_as_any_lease_is_found_by_one_connection_alone() {
        let first = look(1, 0, 2000, &[(1, 9, 1), (2, 8, 1), (3, 8, 7)]);
        let later = |line, sent| look(line, 0, sent, &[(1, 9, 5), (2, 8, 1), (3, 9, 8), (4, 9, 1)]);
        let dead = |later: &Look| first.still(later).iter().map(|member| member.id.as_u128()).collect::<Vec<_>>();
        assert_eq!(dead(&later(1, 3250)), [2]);
        assert_eq!(dead(&later(1, 3249)), [0; 0]);
        assert_eq!(dead(&later(2, 3250)), [0; 0]);
        let young = look(1, 1000, 2000, &[(2, 8, 1)]);
        assert!(young.still(&look(1, 1000, 9000, &[(2, 8, 1)])).is_empty());
    }
}
