//! What a node knows to be dead and a log that it has read whole lacks is written again, before the node counts as having
//! read that log.

use crate::lease::Lease;
use crate::poll::{Found, Poll, Stage};
use crate::state::State;
use crate::{Action, Bug};

impl Lease {
    /// What must be written back before the poll that found this counts; nothing where the log was the one that was known.
    pub(crate) fn lacking(&self, s: &State, i: usize, found: &Found) -> u8 {
        if found.matched || self.bug(Bug::NoWriteBack) { 0 } else { s.nodes[i].known & !found.changes }
    }

    pub(crate) fn write_back_actions(&self, s: &State, i: usize, out: &mut Vec<Action>) {
        match s.nodes[i].poll.as_ref().map(|poll| &poll.stage) {
            Some(Stage::Lacking { .. }) if !s.log.is_locked() => out.push(Action::WriteBack(i)),
            Some(Stage::WrittenBack(_)) => out.push(Action::WriteBackReply(i)),
            _ => {}
        }
    }

    /// One transaction, under the lock of the log. It is one step: nobody sees what is not committed.
    pub(crate) fn write_back(&self, s: &mut State, i: usize) -> Option<()> {
        let poll = s.nodes[i].poll.take()?;
        let Stage::Lacking { found, lacking } = poll.stage.clone() else { return None };
        for r in (0..s.writers.len()).filter(|r| lacking & 1 << r != 0) {
            let seq = s.log.begin(r);
            s.log.commit(seq);
        }
        s.nodes[i].poll = Some(Poll { stage: Stage::WrittenBack(found), ..poll });
        Some(())
    }

    pub(crate) fn write_back_reply(&self, s: &mut State, i: usize) -> Option<()> {
        let poll = s.nodes[i].poll.take()?;
        let Stage::WrittenBack(found) = &poll.stage else { return None };
        if !self.bug(Bug::WriteBackLater) {
            self.count_as_read(&mut s.nodes[i], found, poll.age);
        }
        Some(())
    }
}
