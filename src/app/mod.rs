//! The only composition root: from settings to a running gateway.

mod build;
mod run;
mod services;
mod snapshot;
mod tasks;

pub use build::{App, StartError};
pub use run::serve;
pub use services::Services;
pub use snapshot::Snapshot;
pub use tasks::Tasks;
