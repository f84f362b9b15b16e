//! The log forgets what no token can outlive, while nodes join late, stand still and are let go: nobody misses what it
//! has forgotten.

use std::time::Duration;

use lease_model::{Bug, Config, Grain, explore};

/// Node 0 has read a revocation that was answered, and makes another; node 1 joins when it likes.
fn late() -> Config {
    Config {
        revocations: 2,
        prelude: true,
        writer: Some(0),
        rate: vec![3, 3, 3],
        evictions: 0,
        life: 3,
        cleans: 2,
        grain: Grain::Polls,
        ..Config::default()
    }
}

/// Node 1 was a member from the start, and may stand still for as long as it likes: the log forgets its place.
fn paused() -> Config {
    Config { joined: 2, life: 4, ..late() }
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

#[test]
fn a_node_joins_after_the_log_was_cleaned() {
    holds(late(), &["cleaned", "joined", "forgotten"]);
}

/// It reads the log anew: it could not write back otherwise.
#[test]
fn a_node_stands_still_until_its_place_is_cleaned_away() {
    holds(paused(), &["cleaned", "written back", "forgotten", "answered by the clock"]);
}

#[test]
fn a_node_stands_still_and_is_let_go() {
    holds(Config { evictions: 1, life: 3, ..paused() }, &["cleaned", "written back", "evicted"]);
}

#[test]
fn the_clock_of_the_database_leaps_within_the_room() {
    holds(Config { leaps: 1, ..late() }, &["cleaned", "joined"]);
}

#[test]
fn a_request_sleeps_until_its_revocation_is_forgotten() {
    let request = Config { revocations: 1, split: true, grain: Grain::Statements, ..late() };
    holds(request, &["forgotten", "joined"]);
}

#[test]
fn the_log_is_cleaned_before_the_tokens_are_over() {
    found(Config { bug: Bug::CleanEarly, ..late() });
}

#[test]
fn the_log_is_kept_without_room_for_clocks() {
    found(Config { leaps: 1, bug: Bug::NoRoom, ..late() });
}

#[test]
fn a_node_forgets_before_the_tokens_are_over() {
    found(Config { bug: Bug::ForgetEarly, ..late() });
}

#[test]
fn a_request_looks_at_its_end_before_it_looks_up_what_is_dead() {
    found(Config { revocations: 1, split: true, bug: Bug::ExpiryBeforeLookup, ..late() });
}

#[test]
fn a_place_that_was_cleaned_away_is_not_noticed() {
    found(Config { bug: Bug::LostPlace, ..paused() });
}

#[test]
#[ignore = "minutes and gigabytes: make campaign"]
fn finer_and_larger_worlds() {
    explored(Config { grain: Grain::Statements, ..late() });
    explored(Config { grain: Grain::Statements, ..paused() });
    explored(Config { crashes: 1, ..paused() });
    explored(Config { failovers: 1, ..late() });
    explored(Config { split: true, ..late() });
}
