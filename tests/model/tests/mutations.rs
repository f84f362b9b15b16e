//! Leaving out any one rule lets a dead session in.

use std::time::Duration;

use lease_model::{Bug, Config, explore};

fn bug(bug: Bug) -> Config {
    Config { bug, evictions: 0, ..Config::default() }
}

fn found(config: Config) {
    explore(config, Duration::from_secs(110)).expect_admitted();
}

#[test]
fn an_expired_lease_still_serves() {
    found(bug(Bug::NoFence));
}

#[test]
fn a_lease_is_counted_from_the_answer() {
    found(bug(Bug::LeaseFromReply));
}

#[test]
fn numbers_are_drawn_without_the_lock() {
    found(Config { revocations: 2, joined: 2, ..bug(Bug::SequenceGap) });
}

#[test]
fn a_change_is_acknowledged_before_it_is_applied() {
    found(bug(Bug::AckBeforeApply));
}

#[test]
fn a_node_serves_before_it_has_loaded() {
    found(bug(Bug::ServeBeforeLoad));
}

#[test]
fn a_node_joins_and_polls_in_one_statement() {
    found(bug(Bug::JoinInPoll));
}

#[test]
fn members_are_read_before_the_commit() {
    found(bug(Bug::MembersBeforeCommit));
}

#[test]
fn a_writer_waits_without_a_margin_for_drift() {
    found(bug(Bug::NoDriftMargin));
}

#[test]
fn a_request_looks_up_before_it_checks_the_lease() {
    found(Config { split: true, ..bug(Bug::LookupBeforeLease) });
}

#[test]
fn the_clock_stands_still_while_suspended() {
    found(bug(Bug::ClockStops));
}

#[test]
fn a_row_is_evicted_without_being_watched() {
    found(Config { evictions: 1, ..bug(Bug::EvictAtOnce) });
}

#[test]
fn an_error_is_taken_for_success() {
    found(Config { losses: 1, ..bug(Bug::ErrorMeansDone) });
}

#[test]
fn a_lease_is_extended_before_the_apply() {
    found(bug(Bug::RenewBeforeApply));
}

#[test]
fn a_failover_is_not_noticed() {
    found(Config { revocations: 2, prelude: true, failovers: 1, joined: 2, ..bug(Bug::NoLogMatch) });
}

#[test]
fn a_young_connection_answers_early() {
    found(Config { failovers: 1, ..bug(Bug::NoYoungRule) });
}

#[test]
fn acknowledgements_are_numbers() {
    found(Config { revocations: 2, prelude: true, failovers: 1, joined: 2, ..bug(Bug::AckByNumber) });
}
