//! What connections cost that have nothing to say.

use std::io::Write;

use bench_scene::{Outcome, Process, room_for};
use tokio::net::TcpStream;

use crate::load::{Load, exchange};
use crate::variant::Variant;

/// Opens so many connections, each of which sends one request and stays; prints the memory that each takes.
pub(crate) fn measure(count: usize, gateway: &Process, variant: &Variant, load: &Load) -> Outcome<()> {
    let count = room_for(count + FIRST).saturating_sub(FIRST);
    // The first ones pay for what all share.
    let first = load.runtime().block_on(open(FIRST, gateway, variant))?;
    let before = gateway.memory()?;
    let connections = load.runtime().block_on(open(count, gateway, variant))?;
    let each = gateway.memory()?.saturating_sub(before) / connections.len().max(1);
    drop(first);
    let verdict = if each <= GOAL { "reached" } else { "MISSED" };
    let (kib, goal) = (each / 1024, GOAL / 1024);
    writeln!(std::io::stdout().lock(), "{count} idle connections: {kib} KiB each (≤ {goal} {verdict})")?;
    Ok(())
}

async fn open(count: usize, gateway: &Process, variant: &Variant) -> Outcome<Vec<TcpStream>> {
    let request = variant.requests.first().ok_or("nothing to send")?;
    let (mut connections, mut answer) = (Vec::with_capacity(count), Vec::new());
    for _ in 0..count {
        let mut stream = TcpStream::connect(gateway.address()).await?;
        exchange(&mut stream, request, variant.status, &mut answer).await?;
        connections.push(stream);
    }
    Ok(connections)
}

const FIRST: usize = 100;
/// Bytes.
const GOAL: usize = 24 * 1024;
