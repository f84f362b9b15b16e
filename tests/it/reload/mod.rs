//! A new configuration is taken up whole and without loss, or not at all.

mod files;
mod load;
mod refused;
mod settings;

use crate::support::patience::{PATIENCE, within};
use crate::support::setup::Running;

/// A route that anybody may enter.
fn public(path: &str) -> String {
    format!("[[route]]\npath = \"{path}\"\nupstream = \"app\"\naccess = \"public\"\n")
}

/// How many reloads had that outcome.
fn reloads(running: &Running, outcome: &str) -> f64 {
    running.gateway.metric("doorward_config_reloads_total", &[&format!("outcome=\"{outcome}\"")])
}

/// Writes the configuration, says so, and waits until it was applied or refused.
fn reload(running: &Running, outcome: &str) {
    running.setup.write();
    signal(running, outcome);
}

/// Asks for a reload of what stands there, and waits until it had that outcome.
fn signal(running: &Running, outcome: &str) {
    let before = reloads(running, outcome);
    running.gateway.signal("HUP");
    let done = within(PATIENCE, || (reloads(running, outcome) > before).then_some(()));
    assert!(done.is_some(), "no reload that is {outcome}:\n{}", running.gateway.log.text());
}
