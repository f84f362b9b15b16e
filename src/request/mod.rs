//! From raw header to `Incoming`: the last sight of what the client wrote.

mod host;
mod method;
mod path;

pub use host::{Host, HostError};
pub use method::Method;
pub use path::{CanonicalPath, PathError};
