//! What ends sessions and turns rights, from wherever it is heard, into changes that hold on every node.

mod announce;
mod introspector;
mod metrics;
mod spread;

pub use announce::{AnnounceError, Announcer};
pub use introspector::{IntrospectError, Introspector};
pub use metrics::{AnnounceMetrics, Outcome};
pub use spread::{Known, Spread};
