//! The poll: acknowledges, renews, fetches.

use crate::config::Grain;
use crate::lease::Lease;
use crate::node::{Node, Row};
use crate::state::State;
use crate::time::L;
use crate::{Action, Bug};

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Poll {
    pub(crate) id: u8,
    pub(crate) applied: u8,
    pub(crate) tag: u8,
    pub(crate) age: u8,
    pub(crate) stage: Stage,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Stage {
    Sent,
    Snapped(Found),
    Done {
        ok: bool,
        found: Found,
    },
    /// Applied; what the log lacks is yet to be written.
    Lacking {
        found: Found,
        lacking: u8,
    },
    /// It is written; the node does not know it yet.
    WrittenBack(Found),
    /// Only for `RenewBeforeApply`: lease taken, changes not yet.
    Late(Found),
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) changes: u8,
    pub(crate) head: u8,
    pub(crate) tag: u8,
    pub(crate) matched: bool,
    pub(crate) era: u8,
}

impl Lease {
    pub(crate) fn poll_actions(&self, s: &State, i: usize, out: &mut Vec<Action>) {
        let node = &s.nodes[i];
        if let Some(zombie) = &node.zombie {
            match zombie.stage {
                Stage::Sent => out.push(Action::ZombieSnapshot(i)),
                _ => out.push(Action::ZombieCommit(i)),
            }
        }
        match node.poll.as_ref().map(|poll| &poll.stage) {
            Some(Stage::Sent) => out.push(Action::Snapshot(i)),
            Some(Stage::Snapped(_)) => out.push(Action::Commit(i)),
            Some(Stage::Done { .. }) if node.up => out.push(Action::Deliver(i)),
            Some(Stage::Late(_)) => out.push(Action::ApplyLate(i)),
            _ => {}
        }
        self.write_back_actions(s, i, out);
    }

    /// A poll that changed nothing is not sent: it would be a step to the same state.
    pub(crate) fn wants_poll(&self, s: &State, i: usize) -> bool {
        let node = &s.nodes[i];
        let place = (node.applied, node.tag);
        let row_behind = s.rows[i].as_ref().is_none_or(|row| (row.applied, row.tag) != place);
        node.up && node.id != 0 && node.poll.is_none() && (node.lease < L || place != s.log.head() || row_behind)
    }

    pub(crate) fn send(&self, s: &mut State, i: usize) -> Option<()> {
        let node = &mut s.nodes[i];
        node.poll = Some(Poll { id: node.id, applied: node.applied, tag: node.tag, age: 0, stage: Stage::Sent });
        if self.0.grain >= Grain::Statements {
            self.snapshot(s, i)?;
            self.commit(s, i)?;
        }
        if self.0.grain == Grain::Polls { self.deliver(s, i) } else { Some(()) }
    }

    pub(crate) fn snapshot(&self, s: &mut State, i: usize) -> Option<()> {
        let poll = s.nodes[i].poll.take()?;
        let found = self.find(s, poll.applied, poll.tag);
        s.nodes[i].poll = Some(Poll { stage: Stage::Snapped(found), ..poll });
        Some(())
    }

    pub(crate) fn commit(&self, s: &mut State, i: usize) -> Option<()> {
        let poll = s.nodes[i].poll.take()?;
        let Stage::Snapped(found) = poll.stage.clone() else { return None };
        let ok = self.renew_row(s, i, &poll, &found);
        s.nodes[i].poll = Some(Poll { stage: Stage::Done { ok, found }, ..poll });
        Some(())
    }

    /// Apply, then write back, then count as having read.
    pub(crate) fn deliver(&self, s: &mut State, i: usize) -> Option<()> {
        let poll = s.nodes[i].poll.take()?;
        let Stage::Done { ok, found } = poll.stage.clone() else { return None };
        if !ok {
            s.nodes[i].id = 0;
            return Some(());
        }
        if self.bug(Bug::RenewBeforeApply) {
            s.nodes[i].lease = s.nodes[i].lease.max(L - poll.age);
            s.nodes[i].poll = Some(Poll { stage: Stage::Late(found), ..poll });
            return Some(());
        }
        self.apply(&mut s.nodes[i], &found);
        let lacking = self.lacking(s, i, &found);
        let node = &mut s.nodes[i];
        if lacking == 0 || self.bug(Bug::WriteBackLater) {
            self.count_as_read(node, &found, poll.age);
        }
        if lacking != 0 {
            node.poll = Some(Poll { stage: Stage::Lacking { found, lacking }, ..poll });
        }
        Some(())
    }

    pub(crate) fn apply_late(&self, s: &mut State, i: usize) -> Option<()> {
        let Stage::Late(found) = s.nodes[i].poll.take()?.stage else { return None };
        self.apply(&mut s.nodes[i], &found);
        s.nodes[i].stand_at(&found);
        Some(())
    }

    /// An answer that came too late, or an error: what the database was asked for it may do yet.
    pub(crate) fn give_up(&self, s: &mut State, i: usize) -> Option<()> {
        s.losses -= 1;
        let poll = s.nodes[i].poll.take()?;
        match &poll.stage {
            Stage::Sent | Stage::Snapped(_) => s.nodes[i].zombie = Some(Poll { age: 0, ..poll }),
            Stage::Lacking { found, .. } if self.bug(Bug::WriteBackErrorIgnored) => {
                self.count_as_read(&mut s.nodes[i], found, poll.age);
            }
            _ => {}
        }
        Some(())
    }

    pub(crate) fn zombie_snapshot(&self, s: &mut State, i: usize) -> Option<()> {
        let poll = s.nodes[i].zombie.take()?;
        let found = self.find(s, poll.applied, poll.tag);
        s.nodes[i].zombie = Some(Poll { stage: Stage::Snapped(found), ..poll });
        Some(())
    }

    pub(crate) fn zombie_commit(&self, s: &mut State, i: usize) -> Option<()> {
        let poll = s.nodes[i].zombie.take()?;
        let Stage::Snapped(found) = poll.stage.clone() else { return None };
        self.renew_row(s, i, &poll, &found);
        Some(())
    }

    pub(crate) fn count_as_read(&self, node: &mut Node, found: &Found, age: u8) {
        let rest = if self.bug(Bug::LeaseFromReply) { L } else { L - age };
        node.lease = node.lease.max(rest);
        node.stand_at(found);
    }

    fn apply(&self, node: &mut Node, found: &Found) {
        if self.bug(Bug::ForgetOnReload) && !found.matched {
            node.known = 0;
        }
        node.learn(found.changes, self.kept_in_memory());
        if self.0.failovers > 0 || self.0.life > 0 {
            node.read |= found.changes;
        }
    }

    /// One statement's snapshot of the log, for a poller that stands at (`applied`, `tag`).
    fn find(&self, s: &State, applied: u8, tag: u8) -> Found {
        let matched =
            applied == 0 || self.bug(Bug::NoLogMatch) || s.log.at(applied).is_some_and(|entry| entry.tag == tag);
        if !matched && self.bug(Bug::LostPlace) {
            return Found { changes: 0, head: applied, tag, matched: true, era: s.failovers };
        }
        let changes = s.log.after(if matched { applied } else { 0 });
        let newest = s.log.head();
        let beyond = self.bug(Bug::NoLogMatch) && newest.0 > 0 && applied > newest.0;
        let (head, tag) = if beyond { (applied, tag) } else { newest };
        Found { changes, head, tag, matched, era: s.failovers }
    }

    /// The poll's own write: it happens only if the row is still there.
    fn renew_row(&self, s: &mut State, i: usize, poll: &Poll, found: &Found) -> bool {
        if self.bug(Bug::JoinInPoll) && s.rows[i].is_none() {
            s.rows[i] = Some(Row { id: poll.id, applied: 0, tag: 0 });
        }
        let Some(row) = s.rows[i].as_mut().filter(|row| row.id == poll.id) else { return false };
        (row.applied, row.tag) = if self.bug(Bug::AckBeforeApply) {
            (found.head, found.tag)
        } else if self.bug(Bug::AckByNumber) && !found.matched {
            (0, 0)
        } else {
            (poll.applied, poll.tag)
        };
        s.unwatch(i);
        true
    }
}
