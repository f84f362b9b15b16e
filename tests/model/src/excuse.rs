//! What a failover that loses changes is forgiven, and for how long.

use crate::lease::Lease;
use crate::node::Node;
use crate::state::State;
use crate::time::longest_lease;
use crate::writer::Writer;

/// A node that knew a lost revocation refuses it all the time. The others may admit it until one that had read it
/// counts as having read the new log, and for one lease more: it has written it back before.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Excuse {
    /// The promise holds on every node.
    None,
    /// The log has lost it.
    Lost,
    /// Somebody who knew it has read the log; ticks until no lease is older than that.
    Ending(u8),
}

impl Excuse {
    pub(crate) fn is_none(self) -> bool {
        self == Self::None
    }

    pub(crate) fn is_ending(self) -> bool {
        matches!(self, Self::Ending(_))
    }

    pub(crate) fn tick(&mut self) {
        *self = match *self {
            Self::Ending(left) if left > 1 => Self::Ending(left - 1),
            Self::Ending(_) | Self::None => Self::None,
            Self::Lost => Self::Lost,
        };
    }
}

impl Lease {
    /// A revocation that nobody wrote down yet is not lost.
    pub(crate) fn excuse(&self, s: &mut State, lost: usize) {
        if !s.log.holds(lost) && !matches!(s.writers[lost], Writer::Idle) {
            s.excuses[lost] = Excuse::Lost;
            self.let_requests_off(s, lost);
        }
    }

    pub(crate) fn end_excuses(&self, s: &mut State) {
        for r in 0..s.excuses.len() {
            let wrote = self.0.writers_know && !matches!(s.writers[r], Writer::Committed { .. });
            let knew = |node: &Node| node.has_read(r) || wrote && node.knows(r);
            if s.excuses[r] == Excuse::Lost && s.nodes.iter().any(|node| knew(node) && self.has_read_log(s, node)) {
                s.excuses[r] = Excuse::Ending(longest_lease(&self.0));
            }
        }
    }

    /// Whether it counts as having read the log of this database, not of the one before.
    fn has_read_log(&self, s: &State, node: &Node) -> bool {
        node.up && node.era == s.failovers
    }
}
