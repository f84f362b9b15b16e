//! One thing that can happen. The numbers are nodes, or revocations for those of a writer.

use crate::failover::Rows;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Tick,
    TickWithout(usize),
    Join(usize),
    Send(usize),
    Snapshot(usize),
    Commit(usize),
    Deliver(usize),
    ApplyLate(usize),
    GiveUp(usize),
    ZombieSnapshot(usize),
    ZombieCommit(usize),
    WriteBack(usize),
    WriteBackReply(usize),
    Crash(usize),
    Begin(usize),
    WriteCommit(usize),
    WriteReply(usize),
    WriteUnknown(usize),
    AnswerEarly(usize),
    AnswerByClock(usize),
    WatchRow(usize),
    Evict,
    Failover {
        lost: u8,
        rows: Rows,
    },
    Clean,
    Leap,
    Sweep(usize),
    /// To a node, with a token that a revocation has ended.
    Request(usize, usize),
    Look(usize),
}
