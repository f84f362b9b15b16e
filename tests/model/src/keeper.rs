//! What forgets: the log by the database's clock, each node by its own. Both keep a revocation for longer than any token
//! lives that it ended.

use crate::lease::Lease;
use crate::state::State;
use crate::time::ROOM;
use crate::{Action, Bug};

impl Lease {
    pub(crate) fn keeper_actions(&self, s: &State, out: &mut Vec<Action>) {
        if self.0.life == 0 {
            return;
        }
        if s.cleans > 0 && s.log.outdated(self.kept_in_log()) > 0 {
            out.push(Action::Clean);
        }
        if s.leaps > 0 {
            out.push(Action::Leap);
        }
        out.extend((0..s.nodes.len()).filter(|i| self.forgettable(s, *i) != 0).map(Action::Sweep));
    }

    /// One statement, of whichever node.
    pub(crate) fn clean(&self, s: &mut State) {
        s.cleans -= 1;
        s.log.clean(self.kept_in_log());
    }

    /// The database's clock is set forward, or another server's is ahead.
    pub(crate) fn leap(&self, s: &mut State) {
        s.leaps -= 1;
        s.log.grow_older(self.0.life + ROOM);
    }

    pub(crate) fn sweep(&self, s: &mut State, i: usize) {
        s.nodes[i].known &= !self.forgettable(s, i);
    }

    pub(crate) fn kept_in_memory(&self) -> u8 {
        match self.0.bug {
            _ if self.0.life == 0 => 0,
            Bug::ForgetEarly => self.0.life - 1,
            _ => self.0.life + ROOM,
        }
    }

    fn kept_in_log(&self) -> u8 {
        match self.0.bug {
            Bug::CleanEarly => self.0.life - 1,
            Bug::NoRoom => self.0.life,
            _ => self.0.life + ROOM,
        }
    }

    fn forgettable(&self, s: &State, i: usize) -> u8 {
        let over = s.nodes[i].kept.iter().enumerate().filter(|(_, left)| **left == 0);
        s.nodes[i].known & over.fold(0, |mask, (r, _)| mask | 1 << r)
    }
}
