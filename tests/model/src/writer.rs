//! Who writes a revocation, waits until it holds everywhere, and answers.

use crate::config::Grain;
use crate::excuse::Excuse;
use crate::lease::Lease;
use crate::node::Row;
use crate::state::State;
use crate::time::{L, W};
use crate::{Action, Bug};

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Writer {
    Idle,
    Begun {
        seq: u8,
        members: u8,
    },
    Committed {
        seq: u8,
        members: u8,
    },
    Waiting {
        seq: u8,
        left: u8,
        members: u8,
    },
    Answered {
        by_clock: bool,
    },
    /// The writer died; Keycloak got an error.
    Failed,
}

impl Lease {
    pub(crate) fn writer_of(&self, revocation: usize) -> usize {
        self.0.writer.unwrap_or(revocation % self.0.nodes)
    }

    pub(crate) fn writer_actions(&self, s: &State, r: usize, out: &mut Vec<Action>) {
        let node = &s.nodes[self.writer_of(r)];
        match s.writers[r] {
            Writer::Idle if node.up && (!s.log.is_locked() || self.bug(Bug::SequenceGap)) => out.push(Action::Begin(r)),
            Writer::Begun { seq, .. } => {
                out.push(Action::WriteCommit(r));
                if s.losses > 0 && s.log.last() == seq {
                    out.push(Action::WriteUnknown(r));
                }
            }
            Writer::Committed { .. } => {
                out.push(Action::WriteReply(r));
                if s.losses > 0 {
                    out.push(Action::WriteUnknown(r));
                }
            }
            Writer::Waiting { seq, left, members } => {
                let young = node.young > 0 && !self.bug(Bug::NoYoungRule);
                if left == 0 {
                    out.push(Action::AnswerByClock(r));
                } else if !young && self.all_acknowledged(s, seq, members) {
                    out.push(Action::AnswerEarly(r));
                }
            }
            Writer::Idle | Writer::Answered { .. } | Writer::Failed => {}
        }
    }

    /// The session has ended when its node hears of it.
    pub(crate) fn begin(&self, s: &mut State, r: usize) -> Option<()> {
        let seq = s.log.begin(r);
        let members = s.rows.iter().enumerate().filter(|(_, row)| row.is_some()).fold(0, |m, (i, _)| m | 1 << i);
        s.writers[r] = Writer::Begun { seq, members };
        s.nodes[self.writer_of(r)].learn(1 << r, self.kept_in_memory());
        s.lives[r] = s.lives[r].min(self.0.life);
        if self.0.grain >= Grain::Statements { self.write_commit(s, r) } else { Some(()) }
    }

    pub(crate) fn write_commit(&self, s: &mut State, r: usize) -> Option<()> {
        let Writer::Begun { seq, members } = s.writers[r] else { return None };
        s.log.commit(seq);
        s.writers[r] = Writer::Committed { seq, members };
        Some(())
    }

    pub(crate) fn write_reply(&self, s: &mut State, r: usize) -> Option<()> {
        let Writer::Committed { seq, members } = s.writers[r] else { return None };
        let left = if self.bug(Bug::NoDriftMargin) { L } else { W };
        s.writers[r] = Writer::Waiting { seq, left, members };
        if s.log.at(seq).is_some_and(|entry| usize::from(entry.revocation) == r) {
            s.excuses[r] = Excuse::None;
        }
        Some(())
    }

    pub(crate) fn write_unknown(&self, s: &mut State, r: usize) -> Option<()> {
        s.losses -= 1;
        let (seq, members) = match s.writers[r] {
            Writer::Begun { seq, members } => {
                s.log.pop();
                (seq, members)
            }
            Writer::Committed { seq, members } => (seq, members),
            _ => return None,
        };
        s.writers[r] = match self.bug(Bug::ErrorMeansDone) {
            true => Writer::Waiting { seq, left: W, members },
            false => Writer::Idle,
        };
        Some(())
    }

    pub(crate) fn writers_crash(&self, s: &mut State, i: usize) {
        for r in (0..s.writers.len()).filter(|r| self.writer_of(*r) == i) {
            match s.writers[r] {
                Writer::Answered { .. } => {}
                Writer::Begun { seq, .. } if s.log.last() == seq => {
                    s.log.pop();
                    s.writers[r] = Writer::Failed;
                }
                _ => s.writers[r] = Writer::Failed,
            }
        }
    }

    fn all_acknowledged(&self, s: &State, seq: u8, members: u8) -> bool {
        s.rows.iter().enumerate().all(|(i, row)| {
            let counted = !self.bug(Bug::MembersBeforeCommit) || members & 1 << i != 0;
            !counted || row.as_ref().is_none_or(|row| self.covers(s, row, seq))
        })
    }

    /// An acknowledgement counts by its tag: a number may mean another entry after a failover.
    fn covers(&self, s: &State, row: &Row, seq: u8) -> bool {
        let by_number = self.bug(Bug::AckByNumber) || self.bug(Bug::NoLogMatch);
        (by_number || s.log.has_tag(row.tag)) && row.applied >= seq
    }
}
