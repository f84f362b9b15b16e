//! The lease protocol of `docs/revocation.md` as a state machine, and its rules switched off one by one.
//!
//! One step is one thing that can happen: a tick of time, a statement reaching the database, its snapshot, its commit,
//! its answer, a loss, a crash. A paused or cut-off node needs no step of its own: it takes none. What the gateway does
//! beyond it (write-back, clean-up, one look for many writers) is tested on real servers in `tests/it/nodes`.

mod lease;

use std::time::Duration;

use stateright::{Checker, HasDiscoveries, Model};

use lease::Lease;
pub use lease::{Bug, Config};

/// What an exploration came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No state breaks a promise.
    Holds {
        /// How many there are.
        states: usize,
        /// Whether the time was up before all were seen.
        cut: bool,
    },
    /// A node admits a dead session after so many steps.
    Admitted(Vec<String>),
    /// An answer comes too late.
    Late(Vec<String>),
}

/// Explores breadth first, at the longest for `limit`.
pub fn explore(config: Config, limit: Duration) -> Verdict {
    let begun = std::time::Instant::now();
    let checker =
        Lease(config).checker().threads(2).finish_when(HasDiscoveries::AnyFailures).timeout(limit).spawn_bfs().join();
    let steps = |name| {
        let path = checker.discovery(name)?;
        Some(path.into_actions().iter().map(|action| format!("{action:?}")).collect())
    };
    match (steps("no dead session admitted"), steps("answered in time")) {
        (Some(steps), _) => Verdict::Admitted(steps),
        (None, Some(steps)) => Verdict::Late(steps),
        (None, None) => Verdict::Holds { states: checker.unique_state_count(), cut: begun.elapsed() >= limit },
    }
}
