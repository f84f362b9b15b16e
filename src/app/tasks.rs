//! Everything that runs beside the requests, with one owner.

use std::future::Future;

use tokio::task::{JoinError, JoinSet};
use tracing::error;

use super::running::again;

/// The tasks of a process: named, restarted where that is right, ended on stop.
#[derive(Debug, Default)]
pub struct Tasks {
    set: JoinSet<&'static str>,
}

impl Tasks {
    /// Runs a task without which nothing may be served: when it ends, [`Tasks::lost`] says so.
    pub fn essential(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.set.spawn(async move {
            let mut run = JoinSet::new();
            run.spawn(task);
            if let Some(Err(error)) = run.join_next().await {
                report(name, &error);
            }
            name
        });
    }

    /// Runs a task again and again; a panic costs it a pause that grows.
    pub fn restarting<F>(&mut self, name: &'static str, make: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.set.spawn(async move {
            again(name, make).await;
            name
        });
    }

    /// Waits until an essential task has ended; its name.
    pub async fn lost(&mut self) -> &'static str {
        loop {
            match self.set.join_next().await {
                Some(Ok(name)) => return name,
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Ends every task and waits until none runs.
    pub async fn stop(mut self) {
        self.set.shutdown().await;
    }
}

pub(super) fn report(name: &'static str, error: &JoinError) {
    if error.is_panic() {
        error!(task = name, "a task has panicked");
    }
}
