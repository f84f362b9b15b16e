//! Another database takes over, and may lack the newest changes and some members.

use crate::Action;
use crate::lease::Lease;
use crate::poll::Stage;
use crate::state::State;
use crate::time::W;
use crate::writer::Writer;

/// What becomes of the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    Keep,
    LoseAll,
    Lose(usize),
}

impl Lease {
    pub(crate) fn failover_actions(&self, s: &State, out: &mut Vec<Action>) {
        if s.failovers == 0 {
            return;
        }
        for lost in 0..=self.0.lost.min(s.log.committed() as u8) {
            out.push(Action::Failover { lost, rows: Rows::Keep });
            out.push(Action::Failover { lost, rows: Rows::LoseAll });
            for i in (0..s.rows.len()).filter(|i| s.rows[*i].is_some()) {
                out.push(Action::Failover { lost, rows: Rows::Lose(i) });
            }
        }
    }

    pub(crate) fn failover(&self, s: &mut State, lost: u8, rows: Rows) {
        s.failovers -= 1;
        s.log.roll_back();
        for writer in s.writers.iter_mut().filter(|writer| matches!(writer, Writer::Begun { .. })) {
            *writer = Writer::Idle;
        }
        let gone: Vec<_> = (0..lost).filter_map(|_| s.log.pop()).collect();
        for entry in gone {
            self.excuse(s, usize::from(entry.revocation));
        }
        match rows {
            Rows::Keep => {}
            Rows::LoseAll => s.rows.iter_mut().for_each(|row| *row = None),
            Rows::Lose(i) => s.rows[i] = None,
        }
        for node in &mut s.nodes {
            // What was answered may still be on its way.
            if node.poll.as_ref().is_some_and(|poll| matches!(poll.stage, Stage::Sent | Stage::Snapped(_))) {
                node.poll = None;
            }
            node.zombie = None;
            if node.up {
                node.young = W;
            }
        }
        s.watch = None;
    }
}
