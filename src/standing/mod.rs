//! Whether a principal is still true at this instant: the one place that makes `Live`, and the only one that
//! knows what is dead.

mod confirm;
mod fence;
mod follower;
mod live;
mod membership;
mod revoked;
mod rights_marks;
mod written;

pub use confirm::{Staleness, Standing, Verdict};
pub use fence::Fence;
pub use follower::Follower;
pub use live::Live;
pub use membership::Membership;
pub use revoked::{Death, Revoked};
pub use rights_marks::RightsMarks;
