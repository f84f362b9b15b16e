//! What ends sessions and turns rights, from wherever it is heard, into changes that hold on every node.

mod announce;
mod heard;
mod heard_metrics;
mod introspector;
mod meaning;
mod poller;

pub use announce::{AnnounceError, Announcer};
pub use heard::Signals;
pub use heard_metrics::{Outcome, Signal, SignalMetrics};
pub use introspector::{IntrospectError, Introspector};
pub use meaning::Meaning;
pub use poller::{Freshness, Poller};
