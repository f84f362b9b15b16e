//! From what a command has changed to what holds on every node.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::signals::Spread;
use crate::store::{GRACE, Members, Position, Store};

/// Where the log ended before the command; nothing where that cannot be told.
pub(super) async fn before(members: &dyn Members) -> Option<Position> {
    members.look().await.ok().map(|look| look.newest)
}

/// Returns at once where the log has not grown. A command is no member, and waits as a writer does; where nobody can be
/// looked at, for as long as any lease.
pub(super) async fn after(store: Arc<dyn Store>, before: Option<Position>) {
    let clock = Clock::system();
    let committed = clock.boot();
    match (before, store.look().await) {
        (Some(before), Ok(now)) if now.newest == before => {}
        (_, Ok(now)) => {
            let spread = Arc::new(Spread::new(store, clock));
            tokio::select! {
                _ = spread.wait(now.newest, committed) => {}
                () = Arc::clone(&spread).run() => {}
            }
        }
        (_, Err(_)) => tokio::time::sleep(GRACE + SPARE).await,
    }
}

const SPARE: Duration = Duration::from_millis(50);
