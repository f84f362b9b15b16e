//! Who may enter: pure rules over what is known of the caller.

mod requirements;
mod rule;

pub use requirements::Requirements;
pub use rule::Rule;
