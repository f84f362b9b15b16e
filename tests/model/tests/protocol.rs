//! The protocol as it is lets no dead session in.

use std::time::Duration;

use lease_model::{Config, explore};

fn base() -> Config {
    Config { evictions: 0, ..Config::default() }
}

fn holds(config: Config, witnesses: &[&str]) {
    explore(config, Duration::from_secs(60)).expect_proof(witnesses);
}

/// Whole, or as far as ten minutes go: which of them is printed.
fn explored(config: Config) {
    let name = format!("{config:?}");
    explore(config, Duration::from_secs(600)).expect_nothing_found();
    println!("  {name}");
}

const EARLY: &str = "answered by acknowledgement";
const LATE: &str = "answered by the clock";

#[test]
fn one_node_joins_while_a_session_ends() {
    holds(base(), &[EARLY, LATE, "joined"]);
}

#[test]
fn a_request_in_two_steps() {
    holds(Config { split: true, ..base() }, &[EARLY, LATE, "joined"]);
}

#[test]
fn healthy_nodes_answer_at_once_and_a_dead_one_costs_the_wait() {
    let three = Config { nodes: 3, joined: 3, urgent: true, rate: vec![3, 2, 2], ..base() };
    holds(three.clone(), &[EARLY]);
    let dead = Config { evictions: 1, dead: Some(2), ..three };
    holds(Config { bound: 3, ..dead.clone() }, &[LATE]);
    holds(Config { bound: 5, rate: vec![2, 3, 3], ..dead }, &["evicted", EARLY]);
}

#[test]
#[ignore = "minutes and gigabytes: make campaign"]
fn losses_crashes_evictions_and_failovers() {
    for rate in [vec![3, 2, 2], vec![2, 3, 3]] {
        explored(Config { losses: 1, rate, ..base() });
    }
    explored(Config { crashes: 1, ..base() });
    explored(Config { evictions: 1, ..base() });
    explored(Config { revocations: 2, ..base() });
    explored(Config { failovers: 1, ..base() });
    explored(Config { revocations: 2, prelude: true, joined: 2, failovers: 1, ..base() });
    explored(Config { nodes: 3, joined: 2, ..base() });
}
