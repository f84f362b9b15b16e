//! A rule of the protocol that is left out, to see that it is needed.

/// What is wrong with the protocol that is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Nothing: the protocol as it is.
    None,
    /// A node serves without a lease.
    NoFence,
    /// A lease is counted from the answer of the poll.
    LeaseFromReply,
    /// Numbers are drawn without the lock.
    SequenceGap,
    /// A poll acknowledges what it is about to return.
    AckBeforeApply,
    /// A node that joins has a lease before it has read the log.
    ServeBeforeLoad,
    /// Joining and the first poll are one statement.
    JoinInPoll,
    /// The writer waits for those that were members before its commit.
    MembersBeforeCommit,
    /// The writer waits no longer than a lease lasts.
    NoDriftMargin,
    /// A request looks up what is dead before it looks at the lease.
    LookupBeforeLease,
    /// The clock of a node stands still while the machine sleeps.
    ClockStops,
    /// A row is evicted by who has not watched it for long enough.
    EvictAtOnce,
    /// An error of a write is taken for success.
    ErrorMeansDone,
    /// A lease is extended before the changes are applied.
    RenewBeforeApply,
    /// Another log is not noticed: places are numbers.
    NoLogMatch,
    /// Acknowledgements count on a connection that has just been opened.
    NoYoungRule,
    /// The writer reads acknowledgements as numbers.
    AckByNumber,
    /// What the log has lost is not written back.
    NoWriteBack,
    /// It is written back after the node counts as having read the log.
    WriteBackLater,
    /// An error of the write-back is taken for success.
    WriteBackErrorIgnored,
    /// A log that is read whole takes the place of what was in memory.
    ForgetOnReload,
    /// The log forgets an entry while tokens of it live.
    CleanEarly,
    /// The log keeps entries for exactly as long as tokens live.
    NoRoom,
    /// A node forgets what is dead while tokens of it live.
    ForgetEarly,
    /// A request looks at the token's end before it looks up what is dead.
    ExpiryBeforeLookup,
    /// A poll whose tag the log does not have returns no rows instead of all.
    LostPlace,
}
