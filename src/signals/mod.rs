//! What ends sessions and turns rights, from wherever it is heard, into changes that hold on every node.

mod announce;
mod backlog;
mod event_types;
mod heard;
mod heard_metrics;
mod introspection_metrics;
mod introspector;
mod meaning;
mod metrics;
mod poller;
mod spread;

pub use announce::{AnnounceError, Announcer};
pub use event_types::EVENT_TYPES;
pub use heard::{Extent, Signals, end_of};
pub use heard_metrics::{Fate, Signal, SignalMetrics};
pub use introspection_metrics::{Cause, IntrospectionMetrics};
pub use introspector::{IntrospectError, Introspector};
pub use meaning::Meaning;
pub use metrics::{AnnounceMetrics, Outcome};
pub use poller::{Freshness, Poller};
pub use spread::{Known, Spread};
