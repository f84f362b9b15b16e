//! First sight of bytes: limits, deadlines, raw heads. It refuses or passes, and never rewrites.

mod guarded;
mod head;

pub use guarded::{Guarded, Limits};
pub use head::HeadError;
