//! How a store behaves, and who is told about its queries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::store::StoreError;

/// Told about every query: its name, whether it was answered, and how long its asker waited.
pub type Observe = Arc<dyn Fn(&'static str, bool, Duration) + Send + Sync>;

/// How a store behaves.
#[derive(Clone)]
pub struct Options {
    /// SQLite: threads that read for requests; at least one.
    pub readers: usize,
    /// PostgreSQL: connections that read for requests; at least one.
    pub connections: usize,
    /// How long a request waits for a read.
    pub read_deadline: Duration,
    /// How long a change, or a read of the management, may take.
    pub write_deadline: Duration,
    /// Times the queries.
    pub clock: Clock,
    /// Told about every query.
    pub observe: Observe,
}

impl Options {
    pub(super) async fn observed<T>(
        &self,
        what: &'static str,
        query: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let begun = self.clock.boot();
        let outcome = query.await;
        (self.observe)(what, outcome.is_ok(), self.clock.boot().since(begun));
        outcome
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 2,
            connections: 8,
            read_deadline: Duration::from_millis(500),
            write_deadline: Duration::from_secs(5),
            clock: Clock::system(),
            observe: Arc::new(|_, _, _| ()),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("readers", &self.readers)
            .field("connections", &self.connections)
            .field("read_deadline", &self.read_deadline)
            .field("write_deadline", &self.write_deadline)
            .finish_non_exhaustive()
    }
}
