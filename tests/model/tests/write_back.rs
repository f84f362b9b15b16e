//! A failover to a database that lacks the newest changes. Nodes that had read them refuse them all the time; the others
//! do so from one lease after the first of those has read the new log.

use std::time::Duration;

use lease_model::{Bug, Config, Grain, explore};

/// Node 0 has read a revocation that was answered; node 1 joins when it likes. The log may lose it.
fn base() -> Config {
    Config { prelude: true, failovers: 1, evictions: 0, grain: Grain::Statements, ..Config::default() }
}

/// Both nodes are members, and the revocation is yet to be made.
fn fresh() -> Config {
    Config { prelude: false, joined: 2, ..base() }
}

fn holds(config: Config, witnesses: &[&str]) {
    explore(config, Duration::from_secs(60)).expect_proof(witnesses);
}

fn found(config: Config) {
    explore(config, Duration::from_secs(60)).expect_admitted();
}

/// Whole, or as far as two minutes go: which of them is printed.
fn explored(config: Config) {
    let name = format!("{config:?}");
    explore(config, Duration::from_secs(120)).expect_nothing_found();
    println!("  {name}");
}

const WRITTEN_BACK: &[&str] = &["written back", "excuse ended", "joined"];

#[test]
fn what_the_log_has_lost_is_written_back() {
    holds(base(), WRITTEN_BACK);
}

#[test]
fn a_write_back_that_fails_is_done_again() {
    holds(Config { losses: 1, ..base() }, WRITTEN_BACK);
}

#[test]
fn no_request_passes_after_the_write_back() {
    holds(Config { split: true, ..base() }, WRITTEN_BACK);
}

#[test]
fn a_node_starts_anew_and_the_other_writes_back() {
    let crash = Config { crashes: 1, joined: 2, grain: Grain::Polls, ..base() };
    holds(crash, &["written back", "excuse ended"]);
}

#[test]
fn nothing_is_written_back() {
    found(Config { bug: Bug::NoWriteBack, ..base() });
}

#[test]
fn it_is_written_back_after_the_log_counts_as_read() {
    found(Config { bug: Bug::WriteBackLater, ..base() });
}

#[test]
fn an_error_of_the_write_back_is_taken_for_success() {
    found(Config { losses: 1, bug: Bug::WriteBackErrorIgnored, ..base() });
}

#[test]
fn what_is_in_memory_gives_way_to_the_log() {
    found(Config { bug: Bug::ForgetOnReload, ..base() });
}

#[test]
fn another_log_is_not_noticed() {
    found(Config { bug: Bug::NoLogMatch, ..base() });
}

/// A limit of the protocol as it is. The failover comes after the commit and before the writer's own node has read the
/// change: the node's place is still in the log, so that it notices nothing, and nobody writes the change back.
#[test]
fn what_nobody_has_read_before_the_failover_is_not_written_back() {
    found(Config { writers_know: true, ..fresh() });
}

/// The same limit: what was written back is lost again before its writer has read it there.
#[test]
fn two_failovers_in_a_row_lose_what_was_written_back() {
    found(Config { failovers: 2, ..base() });
}

#[test]
#[ignore = "minutes and gigabytes: make campaign"]
fn finer_and_larger_worlds() {
    explored(fresh());
    explored(Config { grain: Grain::Fine, ..base() });
    explored(Config { crashes: 1, joined: 2, ..base() });
    explored(Config { evictions: 1, ..base() });
    explored(Config { revocations: 2, lost: 2, joined: 2, grain: Grain::Polls, ..base() });
    explored(Config { nodes: 3, joined: 2, grain: Grain::Polls, ..base() });
    explored(Config { losses: 1, grain: Grain::Fine, ..base() });
}
