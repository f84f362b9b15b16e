//! A gateway process, and its row in the table `node`.

use crate::config::MOST;
use crate::poll::{Found, Poll};
use crate::request::Request;

#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) up: bool,
    /// Name of its row, fresh at every join; 0: not a member.
    pub(crate) id: u8,
    /// What it holds for dead.
    pub(crate) known: u8,
    /// Ticks until it may forget it.
    pub(crate) kept: [u8; MOST],
    /// What it has read in a log since it was started, also where it has forgotten it.
    pub(crate) read: u8,
    pub(crate) applied: u8,
    pub(crate) tag: u8,
    pub(crate) lease: u8,
    /// Failovers that were still to come when the log was read that it counts as having read.
    pub(crate) era: u8,
    pub(crate) poll: Option<Poll>,
    /// A poll it gave up, still alive in the database.
    pub(crate) zombie: Option<Poll>,
    /// Units until the connection counts as old.
    pub(crate) young: u8,
    pub(crate) request: Request,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: u8,
    /// What its node acknowledged: number and tag of the newest entry it has applied.
    pub(crate) applied: u8,
    pub(crate) tag: u8,
}

impl Node {
    pub(crate) fn knows(&self, revocation: usize) -> bool {
        self.known & 1 << revocation != 0
    }

    pub(crate) fn has_read(&self, revocation: usize) -> bool {
        self.read & 1 << revocation != 0
    }

    /// Learns of revocations, to be kept for so many ticks from now.
    pub(crate) fn learn(&mut self, revocations: u8, keep: u8) {
        self.known |= revocations;
        for (r, kept) in self.kept.iter_mut().enumerate() {
            if revocations & 1 << r != 0 {
                *kept = keep;
            }
        }
    }

    /// Counts as having read the log up to there.
    pub(crate) fn stand_at(&mut self, found: &Found) {
        self.applied = found.head;
        self.tag = found.tag;
        self.era = found.era;
    }
}
