//! The protocol as it is lets no dead session in.

use std::time::Duration;

use lease_model::{Config, Verdict, explore};

fn base() -> Config {
    Config { evictions: 0, ..Config::default() }
}

/// Whole, or as far as a minute goes.
fn holds(config: Config, limit: Duration) {
    let verdict = explore(config, limit);
    assert!(matches!(verdict, Verdict::Holds { .. }), "{verdict:?}");
}

const SHORT: Duration = Duration::from_secs(15);
const LONG: Duration = Duration::from_secs(600);

#[test]
fn one_node_joins_while_a_session_ends() {
    let verdict = explore(base(), Duration::from_secs(60));
    assert!(matches!(verdict, Verdict::Holds { cut: false, .. }), "{verdict:?}");
}

#[test]
fn a_request_in_two_steps() {
    holds(Config { split: true, ..base() }, SHORT);
}

#[test]
fn healthy_nodes_answer_at_once_and_a_dead_one_costs_the_wait() {
    let three = Config { nodes: 3, joined: 3, urgent: true, rate: vec![3, 2, 2], ..base() };
    holds(three.clone(), SHORT);
    let dead = Config { evictions: 1, dead: Some(2), ..three };
    holds(Config { bound: 3, ..dead.clone() }, SHORT);
    holds(Config { bound: 5, rate: vec![2, 3, 3], ..dead }, SHORT);
}

#[test]
#[ignore = "minutes and gigabytes: make campaign"]
fn losses_crashes_evictions_and_failovers() {
    for rate in [vec![3, 2, 2], vec![2, 3, 3]] {
        holds(Config { losses: 1, rate, ..base() }, LONG);
    }
    holds(Config { crashes: 1, ..base() }, LONG);
    holds(Config { evictions: 1, ..base() }, LONG);
    holds(Config { revocations: 2, ..base() }, LONG);
    holds(Config { failovers: 1, ..base() }, LONG);
    holds(Config { revocations: 2, prelude: true, joined: 2, failovers: 1, ..base() }, LONG);
    holds(Config { nodes: 3, joined: 2, ..base() }, LONG);
}
