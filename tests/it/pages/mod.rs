//! What the pages say is what the gateway does.

mod deploy;
mod doctor;
mod errors;
mod links;
mod metrics;
mod readme;
mod request_log;
mod threat_model;

use std::path::Path;

/// A file of the repository.
fn page(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The rows of every table, as cells, whose first cell is a name in backticks.
fn rows(page: &str) -> impl Iterator<Item = Vec<String>> {
    let lines = page.lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// The names in backticks, without the backticks.
fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
