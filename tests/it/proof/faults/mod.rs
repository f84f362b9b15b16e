//! What fails, a file for each thing that does. A scene ends sessions before, while and after it fails, and names the
//! nodes that could reach nobody meanwhile.

pub mod burst;
pub mod calm;
pub mod database;
pub mod everything;
pub mod failover;
pub mod keycloak;
pub mod namespace;
pub mod network;
pub mod nodes;

use std::thread;
use std::time::Duration;

/// Lets a fault last, while everything else goes on.
fn last(time: Duration) {
    thread::sleep(time);
}

/// As long as a node that was told nothing may let the dead in, and somewhat longer.
const UNTOLD: Duration = Duration::from_millis(3500);
