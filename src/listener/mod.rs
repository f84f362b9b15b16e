//! First sight of bytes: limits, deadlines, raw heads. It refuses or passes, and never rewrites.

mod chunks;
mod guarded;
mod head;
mod http1;
mod places;
mod refusal;
mod wire;

pub use guarded::{Guarded, House, Limits};
pub use head::HeadError;
