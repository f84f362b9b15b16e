//! Who may enter a route.

use super::Requirements;

/// The rule of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Anybody; credentials are neither read nor forwarded.
    Public,
    /// Whoever is signed in and meets the requirements.
    Protected(Requirements),
}
