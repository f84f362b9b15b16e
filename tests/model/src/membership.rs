//! Who comes, who dies, and who is taken for dead.

use crate::lease::Lease;
use crate::node::{Node, Row};
use crate::poll::{Poll, Stage};
use crate::state::{State, Watch};
use crate::time::{L, W};
use crate::writer::Writer;
use crate::{Action, Bug};

impl Lease {
    pub(crate) fn join(&self, s: &mut State, i: usize) {
        let id = s.next_id;
        s.next_id += 1;
        if !self.bug(Bug::JoinInPoll) {
            s.rows[i] = Some(Row { id, applied: 0, tag: 0 });
        }
        s.unwatch(i);
        let node = &mut s.nodes[i];
        if !node.up {
            node.up = true;
            node.young = W;
        }
        node.id = id;
        if self.bug(Bug::ServeBeforeLoad) {
            node.lease = L;
        }
    }

    pub(crate) fn crash(&self, s: &mut State, i: usize) {
        s.crashes -= 1;
        let zombie = s.nodes[i].poll.take().filter(|poll| matches!(poll.stage, Stage::Sent | Stage::Snapped(_)));
        s.nodes[i] = Node { zombie: zombie.map(|poll| Poll { age: 0, ..poll }), ..Node::default() };
        self.writers_crash(s, i);
    }

    /// With a node that is dead from the start, it alone is watched, and only while somebody waits.
    pub(crate) fn watch_actions(&self, s: &State, out: &mut Vec<Action>) {
        if s.watch.as_ref().is_some_and(|watch| watch.left == 0) {
            out.push(Action::Evict);
        }
        let Some(dead) = self.0.dead else { return };
        let waiting = !s.writers.iter().all(|writer| matches!(writer, Writer::Answered { .. }));
        if waiting && s.watch.is_none() && s.evictions > 0 && s.rows[dead].is_some() {
            out.push(Action::WatchRow(dead));
        }
    }

    pub(crate) fn watch_row(&self, s: &mut State, i: usize) {
        let left = if self.bug(Bug::EvictAtOnce) { 0 } else { W };
        s.watch = Some(Watch { node: i as u8, left });
    }

    pub(crate) fn evict(&self, s: &mut State) -> Option<()> {
        let watch = s.watch.take()?;
        s.evictions -= 1;
        s.rows[usize::from(watch.node)] = None;
        Some(())
    }
}
