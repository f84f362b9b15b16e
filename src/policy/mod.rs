//! Who may enter: pure rules over a live principal. The one place that makes grants.

mod denial;
mod grant;
mod judge;
mod requirements;
mod rule;

pub use denial::Denial;
pub use grant::Grant;
pub use requirements::Requirements;
pub use rule::Rule;
