//! Everything at one moment.

use crate::config::{Config, MOST};
use crate::excuse::Excuse;
use crate::log::Log;
use crate::node::{Node, Row};
use crate::time::{L, ROOM};
use crate::writer::Writer;

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub struct State {
    pub(crate) nodes: Vec<Node>,
    pub(crate) rows: Vec<Option<Row>>,
    pub(crate) log: Log,
    pub(crate) writers: Vec<Writer>,
    pub(crate) since: Vec<u8>,
    pub(crate) watch: Option<Watch>,
    /// Of each revocation: what a failover that lost it is forgiven.
    pub(crate) excuses: Vec<Excuse>,
    /// Ticks for which a token of each revocation may live; more than `life` before the session has ended.
    pub(crate) lives: Vec<u8>,
    pub(crate) next_id: u8,
    pub(crate) losses: u8,
    pub(crate) crashes: u8,
    pub(crate) failovers: u8,
    pub(crate) evictions: u8,
    pub(crate) cleans: u8,
    pub(crate) leaps: u8,
    pub(crate) admitted: bool,
}

/// A row that is watched, on one connection, until every lease is over that it may have.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Watch {
    pub(crate) node: u8,
    pub(crate) left: u8,
}

impl State {
    pub(crate) fn first(c: &Config) -> Self {
        let mut nodes: Vec<_> = (0..c.nodes)
            .map(|i| match i < c.joined {
                true => Node { up: true, id: i as u8 + 1, lease: L, era: c.failovers, ..Node::default() },
                false => Node::default(),
            })
            .collect();
        let mut log = Log::default();
        let mut writers = vec![Writer::Idle; c.revocations.min(MOST)];
        let mut lives = vec![if c.life > 0 { c.life + 1 } else { 0 }; writers.len()];
        if c.prelude {
            let seq = log.begin(0);
            log.commit(seq);
            writers[0] = Writer::Answered { by_clock: false };
            lives[0] = c.life;
            for node in nodes.iter_mut().filter(|node| node.up) {
                node.learn(1, if c.life > 0 { c.life + ROOM } else { 0 });
                (node.read, node.applied, node.tag) = (1, seq, log.head().1);
            }
        }
        Self {
            rows: nodes.iter().map(|n| n.up.then_some(Row { id: n.id, applied: n.applied, tag: n.tag })).collect(),
            nodes,
            log,
            since: vec![0; writers.len()],
            watch: None,
            excuses: vec![Excuse::None; writers.len()],
            lives,
            writers,
            next_id: c.nodes as u8 + 1,
            losses: c.losses,
            crashes: c.crashes,
            failovers: c.failovers,
            evictions: c.evictions,
            cleans: c.cleans,
            leaps: c.leaps,
            admitted: false,
        }
    }

    /// A row that moves is not dead.
    pub(crate) fn unwatch(&mut self, i: usize) {
        if self.watch.as_ref().is_some_and(|watch| usize::from(watch.node) == i) {
            self.watch = None;
        }
    }
}
