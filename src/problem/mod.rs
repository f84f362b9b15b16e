//! From a rejection to a response: the only place that knows statuses, challenges and public texts.

mod challenge;
mod facts;
mod rejection;
mod render;

pub use challenge::Challenge;
pub use facts::Facts;
pub use rejection::{Caller, Rejection};
pub use render::Problem;
