//! The only composition root: from settings to a running gateway.

mod authorities;
mod build;
mod cryptography;
pub mod database;
mod descriptors;
mod events;
mod issuers;
mod keeper;
pub mod realm;
mod reload;
mod run;
mod running;
mod services;
mod signals;
mod snapshot;
mod tasks;
mod upkeep;
mod watch;
mod workshop;

pub use build::{App, StartError};
pub use cryptography::install_cryptography;
pub use run::{Ended, Listening, Ready, serve};
pub use services::Services;
pub use snapshot::Snapshot;
pub use tasks::Tasks;
pub use workshop::SnapshotError;
