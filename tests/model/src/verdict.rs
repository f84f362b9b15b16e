//! From a world to what its exploration came to.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::{Duration, Instant};

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use crate::Config;
use crate::lease::Lease;
use crate::promise::{ADMITTED, LATE};
use crate::rights::{Rights, RightsConfig};

/// What an exploration came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No state breaks a promise.
    Holds {
        /// How many there are.
        states: usize,
        /// Whether the time was up before all were seen: then it is no proof.
        cut: bool,
        /// What was seen to happen.
        seen: Vec<&'static str>,
    },
    /// A node admits a dead session after so many steps.
    Admitted(Vec<String>),
    /// An answer comes too late.
    Late(Vec<String>),
}

impl Verdict {
    /// All of it was explored, nothing was found, and what is said to happen did.
    ///
    /// # Panics
    /// Otherwise: a run that was cut proves nothing.
    #[track_caller]
    pub fn expect_proof(&self, witnesses: &[&str]) {
        let Self::Holds { states, cut: false, seen } = self else { panic!("no proof: {self:?}") };
        let missing: Vec<_> = witnesses.iter().filter(|name| !seen.contains(name)).collect();
        assert!(missing.is_empty(), "never happened: {missing:?} in {states} states");
        println!("holds in all {states} states");
    }

    /// Nothing was found, and whether that is a proof is printed.
    ///
    /// # Panics
    /// Otherwise.
    #[track_caller]
    pub fn expect_nothing_found(&self) {
        match self {
            Self::Holds { states, cut: false, .. } => println!("holds in all {states} states"),
            Self::Holds { states, cut: true, .. } => println!("no proof: cut, nothing found in {states} states"),
            Self::Admitted(_) | Self::Late(_) => panic!("{self:?}"),
        }
    }

    /// A dead session is admitted.
    ///
    /// # Panics
    /// Otherwise.
    #[track_caller]
    pub fn expect_admitted(&self) {
        match self {
            Self::Admitted(steps) => println!("admits after {} steps", steps.len()),
            Self::Holds { .. } | Self::Late(_) => panic!("not found: {self:?}"),
        }
    }
}

/// Explores breadth first, at the longest for `limit`.
pub fn explore(config: Config, limit: Duration) -> Verdict {
    verdict(Lease(config), limit)
}

/// The same for rights: admitted is who has lost them.
pub fn explore_rights(config: RightsConfig, limit: Duration) -> Verdict {
    verdict(Rights(config), limit)
}

fn verdict<M>(model: M, limit: Duration) -> Verdict
where
    M: Model<State: Clone + Debug + Hash + PartialEq + Send + Sync, Action: Clone + Debug + PartialEq>
        + Send
        + Sync
        + 'static,
{
    let begun = Instant::now();
    let witnesses = model.properties().into_iter().filter(|property| property.expectation == Expectation::Sometimes);
    let witnesses: Vec<_> = witnesses.map(|property| property.name).collect();
    let checker = model.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).timeout(limit).spawn_bfs().join();
    let steps = |name| {
        let path = checker.discoveries().remove(name)?;
        Some(path.into_actions().iter().map(|action| format!("{action:?}")).collect())
    };
    let found = checker.discoveries();
    match (steps(ADMITTED), steps(LATE)) {
        (Some(steps), _) => Verdict::Admitted(steps),
        (None, Some(steps)) => Verdict::Late(steps),
        (None, None) => Verdict::Holds {
            states: checker.unique_state_count(),
            cut: begun.elapsed() >= limit,
            seen: witnesses.into_iter().filter(|name| found.contains_key(name)).collect(),
        },
    }
}
