//! From an `Admission` to a `Forward`: the one place that decides what an upstream is sent.

mod cookies;
mod error;
mod identity_headers;
mod ours;
mod plan;

pub use cookies::plants_ours;
pub use error::ForwardError;
pub use identity_headers::IdentityHeaders;
pub use ours::is_ours;
pub use plan::Forward;
