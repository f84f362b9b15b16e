//! How large a world is explored, and what may go wrong in it.

use crate::Bug;

/// A world.
#[derive(Clone, Debug)]
pub struct Config {
    pub nodes: usize,
    /// Nodes that are members with a full lease at the start; the others join.
    pub joined: usize,
    /// At most three.
    pub revocations: usize,
    /// Revocation 0 was written, applied everywhere and answered before the start.
    pub prelude: bool,
    /// What the clock of each node runs in a tick: 2 (slow) or 3 (fast).
    pub rate: Vec<u8>,
    pub losses: u8,
    pub crashes: u8,
    pub failovers: u8,
    /// How many of the newest changes a failover may lose.
    pub lost: u8,
    pub evictions: u8,
    /// A request is a step for each of its looks instead of one.
    pub split: bool,
    pub grain: Grain,
    /// The node that writes all revocations; else they take turns.
    pub writer: Option<usize>,
    /// Time passes only when nothing else can happen.
    pub urgent: bool,
    pub dead: Option<usize>,
    /// Ticks between commit and answer, checked when `urgent`.
    pub bound: u8,
    /// Ticks for which a token lives on after its session has ended; with 0 it never ends, and nothing is forgotten.
    pub life: u8,
    /// How often the log may be cleaned.
    pub cleans: u8,
    /// How often the clock of the database may leap, by a tick.
    pub leaps: u8,
    /// When a failover loses a revocation, a node counts as one that knew it also where it has only written it.
    pub writers_know: bool,
    pub bug: Bug,
}

/// How finely what nodes ask of the database is cut into steps. What is one step nothing comes between; a coarser grain
/// leaves room for more to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// A statement is sent, takes its snapshot, commits, and is answered.
    Fine,
    /// It is done in the database at once, and its answer takes its time.
    Statements,
    /// The same, and polls are answered at once.
    Polls,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nodes: 2,
            joined: 1,
            revocations: 1,
            prelude: false,
            rate: vec![3, 2, 2],
            losses: 0,
            crashes: 0,
            failovers: 0,
            lost: 1,
            evictions: 1,
            split: false,
            grain: Grain::Fine,
            writer: None,
            urgent: false,
            dead: None,
            bound: 0,
            life: 0,
            cleans: 0,
            leaps: 0,
            writers_know: false,
            bug: Bug::None,
        }
    }
}

/// Revocations that a state has room for.
pub(crate) const MOST: usize = 3;
