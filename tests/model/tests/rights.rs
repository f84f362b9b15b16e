//! Rights that were read from a log that is no more, or whose changes were cleaned away, are not used.

use std::time::Duration;

use lease_model::{RightsBug, RightsConfig, Verdict, explore_rights};

fn base() -> RightsConfig {
    RightsConfig { changes: 3, failovers: 1, cleans: 2, loads_ahead: false, loses_all: false, bug: RightsBug::None }
}

fn explore(config: RightsConfig) -> Verdict {
    explore_rights(config, Duration::from_secs(60))
}

fn found(bug: RightsBug) {
    explore(RightsConfig { bug, ..base() }).expect_admitted();
}

#[test]
fn nothing_is_used_that_is_older_than_the_last_poll() {
    explore(base()).expect_proof(&["used", "epoch turned", "load thrown away"]);
}

#[test]
fn what_was_cleaned_away_is_not_missed() {
    let cleaned = RightsConfig { failovers: 0, ..base() };
    explore(cleaned.clone()).expect_proof(&["used", "epoch turned", "load thrown away"]);
    for bug in [RightsBug::SameEpoch, RightsBug::EpochOfReturn, RightsBug::LostPlace] {
        explore(RightsConfig { bug, ..cleaned.clone() }).expect_admitted();
    }
}

#[test]
fn the_epoch_is_not_turned() {
    found(RightsBug::SameEpoch);
}

#[test]
fn a_load_counts_in_the_epoch_in_which_it_returns() {
    found(RightsBug::EpochOfReturn);
}

#[test]
fn a_change_only_drops_what_is_in_memory() {
    found(RightsBug::DropOnly);
}

#[test]
fn a_place_that_is_not_in_the_log_is_not_noticed() {
    found(RightsBug::LostPlace);
}

/// A limit of the protocol as it is. A load saw a change that the node had not read when a failover lost it: the node's
/// place is still in the log, and the rights that were never granted for good are used until the next change. (The cache, which
/// is not modelled, keeps an account for ten minutes.)
#[test]
fn what_only_a_load_has_seen_before_the_failover_is_used() {
    explore(RightsConfig { loads_ahead: true, ..base() }).expect_admitted();
}

/// A node that has read an empty log has no place in it: what was written since may be cleaned away before its next poll.
#[test]
fn what_is_cleaned_away_of_a_log_that_was_empty_is_not_missed() {
    let emptied = RightsConfig { loses_all: true, ..base() };
    explore(emptied.clone()).expect_proof(&["used", "epoch turned"]);
    explore(RightsConfig { bug: RightsBug::FirstIsAll, ..emptied }).expect_admitted();
}
