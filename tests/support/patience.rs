//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Waits until `condition` gives a value; panics with `what` when that takes too long.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, &mut condition).unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain: {what}"))
}

/// What `condition` gives before the deadline, if anything.
pub fn within<T>(deadline: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        match condition() {
            Some(value) => return Some(value),
            None if began.elapsed() > deadline => return None,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
