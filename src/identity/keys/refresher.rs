//! The task that reads the keys of one issuer, for as long as the process runs.

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::{fmt, iter};

use tokio::time::timeout;

use super::{FetchError, IssuerKeys, KeySource};
use crate::id;

impl IssuerKeys {
    /// Reads the keys now, then every `refresh`, and whenever an unknown key asks or they have changed; ends with `stop`. All reads
    /// are made here, so there is never more than one in flight.
    pub async fn run(self: Arc<Self>, mut source: KeySource, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = self.read_for_ever(&mut source) => {}
            () = pin!(stop) => {}
        }
    }

    async fn read_for_ever(&self, source: &mut KeySource) {
        let mut asked = self.reads.subscribe();
        loop {
            self.reads.send_modify(|reads| {
                reads.pending = true;
                reads.outdated = false;
            });
            let began = self.clock.boot();
            let result = source.fetch().await.map(|set| self.replace(set, began));
            let failures = self.report(&result);
            self.reads.send_modify(|reads| {
                reads.pending = false;
                reads.ended += 1;
                reads.failures = failures;
            });
            let (random, _) = id::change_tag().as_u64_pair();
            let pause = self.pace.pause(failures, self.age().is_some(), random);
            let _ = timeout(pause, asked.wait_for(|reads| reads.pending || reads.outdated)).await;
        }
    }

    /// Counts and logs a read; the number of failures in a row. One line a change of state, not one a read.
    fn report(&self, result: &Result<(), FetchError>) -> u32 {
        let before = self.reads.borrow().failures;
        match result {
            Ok(()) => {
                self.metrics.fetched(&self.issuer, "ok");
                if before > 0 || self.reads.borrow().ended == 0 {
                    tracing::info!(issuer = &*self.issuer, "keys read");
                }
                0
            }
            Err(error) => {
                self.metrics.fetched(&self.issuer, error.outcome());
                if before == 0 {
                    tracing::error!(issuer = &*self.issuer, outcome = error.outcome(), error = %Causes(error), "keys cannot be read");
                }
                before.saturating_add(1)
            }
        }
    }
}

/// An error with all its causes, on one line: "unavailable" alone does not tell a bad certificate from a closed port.
struct Causes<'a>(&'a FetchError);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        iter::successors(self.0.source(), |&cause| cause.source()).try_for_each(|cause| write!(f, ": {cause}"))
    }
}

#[cfg(test)]
#[path = "refresher_tests.rs"]
mod tests;
