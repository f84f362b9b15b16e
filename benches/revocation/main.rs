//! What revocation costs: looking up whether somebody is dead, telling three nodes that somebody is, being idle, and
//! ending an open WebSocket. `ONLY=sockets cargo bench --bench revocation` for one part.

#![expect(clippy::print_stdout, reason = "it prints a table")]

#[path = "../common/keys.rs"]
mod keys;
mod lookup;
mod quiet;
mod sockets;
mod spread;

use bench_scene::Outcome;
use tokio::runtime::Runtime;

fn main() -> Outcome<()> {
    doorward::app::install_cryptography();
    let runtime = Runtime::new()?;
    let only = std::env::var("ONLY").unwrap_or_default();
    let wanted = |part: &str| part.contains(&only);
    println!("{:<52}{:>12}   goal", "", "");
    if wanted("lookup") {
        runtime.block_on(lookup::measure())?;
    }
    if wanted("spread") {
        runtime.block_on(spread::measure())?;
    }
    if wanted("quiet") {
        runtime.block_on(quiet::measure())?;
    }
    if wanted("sockets") {
        runtime.block_on(sockets::measure())?;
    }
    Ok(())
}

/// A line of the table.
fn show(what: &str, measured: &str, goal: &str) {
    println!("{what:<52}{measured:>12}   {goal}");
}

/// The value below which so many percent lie.
fn percentile<T: Copy + Ord + Default>(values: &mut [T], percent: usize) -> T {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}
