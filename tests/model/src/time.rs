//! A tick, and what runs out by it.

use crate::config::Config;
use crate::lease::Lease;
use crate::state::State;
use crate::writer::Writer;

/// Length of a lease, in units of the holder's clock. A clock runs 2 (slow) or 3 (fast) units a tick.
pub(crate) const L: u8 = 6;
/// What a writer waits, in units of its own clock: `L` times fast over slow.
pub(crate) const W: u8 = 9;
/// Ticks for which the log and the nodes keep an entry longer than a token can live.
pub(crate) const ROOM: u8 = 1;

/// Ticks after which a lease of that moment is over, whatever clock it runs by.
pub(crate) fn longest_lease(config: &Config) -> u8 {
    L.div_ceil(config.rate.iter().take(config.nodes).copied().min().unwrap_or(1))
}

impl Lease {
    /// Everything gets older, but for the node whose clock stands still.
    pub(crate) fn tick(&self, s: &mut State, without: Option<usize>) {
        self.tick_nodes(s, without);
        for r in 0..s.writers.len() {
            if let Writer::Waiting { left, .. } = &mut s.writers[r] {
                *left = left.saturating_sub(self.0.rate[self.writer_of(r)]);
            }
            if self.0.urgent && matches!(s.writers[r], Writer::Committed { .. } | Writer::Waiting { .. }) {
                s.since[r] = s.since[r].saturating_add(1);
            }
        }
        if let Some(watch) = s.watch.as_mut() {
            watch.left = watch.left.saturating_sub(3);
        }
        for excuse in &mut s.excuses {
            excuse.tick();
        }
        if self.0.life > 0 {
            self.tick_lives(s);
        }
    }

    fn tick_nodes(&self, s: &mut State, without: Option<usize>) {
        for (i, node) in s.nodes.iter_mut().enumerate().filter(|(i, _)| without != Some(*i)) {
            let rate = self.0.rate[i];
            node.lease = node.lease.saturating_sub(rate);
            node.young = node.young.saturating_sub(rate);
            if let Some(poll) = node.poll.as_mut() {
                poll.age = (poll.age + rate).min(L);
            }
        }
    }

    /// Tokens and entries last so much longer than leases that one clock is enough for all of them; what it may be wrong
    /// by is the room.
    fn tick_lives(&self, s: &mut State) {
        for life in s.lives.iter_mut().filter(|life| **life <= self.0.life) {
            *life = life.saturating_sub(1);
        }
        for left in s.nodes.iter_mut().flat_map(|node| &mut node.kept) {
            *left = left.saturating_sub(1);
        }
        s.log.grow_older(self.0.life + ROOM);
    }
}
