//! What can happen next, and what it comes to.

use stateright::{Model, Property};

use crate::config::Config;
use crate::node::Node;
use crate::poll::Stage;
use crate::promise;
use crate::state::State;
use crate::writer::Writer;
use crate::{Action, Bug};

/// The protocol in one world.
pub struct Lease(pub Config);

impl Lease {
    pub(crate) fn bug(&self, bug: Bug) -> bool {
        self.0.bug == bug
    }

    pub(crate) fn fence_open(&self, node: &Node) -> bool {
        node.up && (node.lease > 0 || self.bug(Bug::NoFence))
    }

    fn node_actions(&self, s: &State, i: usize, out: &mut Vec<Action>) {
        let node = &s.nodes[i];
        self.poll_actions(s, i, out);
        if self.0.dead == Some(i) {
            return;
        }
        if node.id == 0 {
            out.push(Action::Join(i));
        }
        if self.wants_poll(s, i) {
            out.push(Action::Send(i));
        }
        let may_fail = node.poll.as_ref().is_some_and(|poll| !matches!(poll.stage, Stage::Late(_)));
        if s.losses > 0 && may_fail && node.zombie.is_none() {
            out.push(Action::GiveUp(i));
        }
        if s.crashes > 0 && node.up {
            out.push(Action::Crash(i));
        }
        if s.watch.is_none() && s.evictions > 0 && s.rows[i].is_some() && !self.0.urgent {
            out.push(Action::WatchRow(i));
        }
        if self.0.split {
            self.request_actions(s, i, out);
        }
    }

    fn happen(&self, s: &mut State, action: &Action) -> Option<()> {
        match *action {
            Action::Tick => self.tick(s, None),
            Action::TickWithout(i) => self.tick(s, Some(i)),
            Action::Join(i) => self.join(s, i),
            Action::Send(i) => self.send(s, i)?,
            Action::Snapshot(i) => self.snapshot(s, i)?,
            Action::Commit(i) => self.commit(s, i)?,
            Action::Deliver(i) => self.deliver(s, i)?,
            Action::ApplyLate(i) => self.apply_late(s, i)?,
            Action::GiveUp(i) => self.give_up(s, i)?,
            Action::ZombieSnapshot(i) => self.zombie_snapshot(s, i)?,
            Action::ZombieCommit(i) => self.zombie_commit(s, i)?,
            Action::WriteBack(i) => self.write_back(s, i)?,
            Action::WriteBackReply(i) => self.write_back_reply(s, i)?,
            Action::Crash(i) => self.crash(s, i),
            Action::Begin(r) => self.begin(s, r)?,
            Action::WriteCommit(r) => self.write_commit(s, r)?,
            Action::WriteReply(r) => self.write_reply(s, r)?,
            Action::WriteUnknown(r) => self.write_unknown(s, r)?,
            Action::AnswerEarly(r) => s.writers[r] = Writer::Answered { by_clock: false },
            Action::AnswerByClock(r) => s.writers[r] = Writer::Answered { by_clock: true },
            Action::WatchRow(i) => self.watch_row(s, i),
            Action::Evict => self.evict(s)?,
            Action::Failover { lost, rows } => self.failover(s, lost, rows),
            Action::Clean => self.clean(s),
            Action::Leap => self.leap(s),
            Action::Sweep(i) => self.sweep(s, i),
            Action::Request(i, r) => self.request(s, i, r),
            Action::Look(i) => self.look_once(s, i)?,
        }
        self.end_excuses(s);
        Some(())
    }
}

impl Model for Lease {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(&self.0)]
    }

    fn actions(&self, s: &State, out: &mut Vec<Action>) {
        for i in 0..s.nodes.len() {
            self.node_actions(s, i, out);
        }
        for r in 0..s.writers.len() {
            self.writer_actions(s, r, out);
        }
        self.watch_actions(s, out);
        self.failover_actions(s, out);
        self.keeper_actions(s, out);
        if !self.0.urgent || out.is_empty() {
            out.push(Action::Tick);
            if self.bug(Bug::ClockStops) {
                out.extend((0..s.nodes.len()).map(Action::TickWithout));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut s = last.clone();
        self.happen(&mut s, &action)?;
        (s != *last).then_some(s)
    }

    fn within_boundary(&self, s: &State) -> bool {
        !self.is_over(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        promise::properties()
    }
}
