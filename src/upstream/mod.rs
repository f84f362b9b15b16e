//! The applications behind the gateway: servers, names, turns, and who is passed over.

mod address;
mod breaker;
mod budget;
mod condition;
mod error;
mod metrics;
mod server;
mod servers;
mod tried;
#[expect(clippy::module_inception, reason = "the noun of this module is its main type")]
mod upstream;
mod upstreams;
mod waiting;

pub use error::UpstreamError;
pub use metrics::UpstreamMetrics;
pub use server::Server;
pub use tried::Tried;
pub use upstream::Upstream;
pub use upstreams::Upstreams;
