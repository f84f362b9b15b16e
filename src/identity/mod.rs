//! From a credential to an `Identity`: the one place that makes identities.

mod proven;
mod subject;

pub use proven::{Identity, Profile};
pub use subject::Subject;
