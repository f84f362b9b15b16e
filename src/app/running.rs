//! A task that ends with whoever owns it.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::{AbortHandle, JoinSet};

use super::tasks::report;

/// A task of a snapshot: it runs for as long as this is kept.
#[derive(Debug)]
pub(super) struct Running(AbortHandle);

impl Running {
    /// Runs a task again and again, until the value is dropped.
    pub(super) fn restarting<F>(name: &'static str, make: impl FnMut() -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self(tokio::spawn(again(name, make)).abort_handle())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a task again and again; a panic costs it a pause that grows.
pub(super) async fn again<F>(name: &'static str, mut make: impl FnMut() -> F + Send)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let mut run = JoinSet::new();
        let began = Instant::now();
        run.spawn(make());
        if let Some(Err(error)) = run.join_next().await {
            report(name, &error);
        }
        if began.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
