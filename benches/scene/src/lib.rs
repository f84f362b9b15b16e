//! What a measurement needs around the gateway: an identity provider, its tokens, users in a database, and a
//! configuration that brings them together.

mod descriptors;
mod folder;
mod memory;
mod mint;
mod process;
mod provider;
mod users;

pub use descriptors::room_for;
pub use folder::{Folder, NAME, SECRET};
pub use memory::memory;
pub use mint::{Mint, spoilt};
pub use process::Process;
pub use provider::Provider;
pub use users::{fill, subject};

/// Whatever goes wrong ends the measurement.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
