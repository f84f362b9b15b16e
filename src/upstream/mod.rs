//! The applications behind the gateway: servers, names, turns.

mod error;
mod pool;
mod server;

pub use error::UpstreamError;
pub use pool::{Tried, Upstream, Upstreams};
pub use server::Server;
