//! Who may enter a route.

use super::Requirements;

/// The rule of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a route has one, for as long as it lives; a box would be one more look")]
pub enum Rule {
    /// Anybody; credentials are neither read nor forwarded.
    Public,
    /// Whoever is signed in and meets the requirements.
    Protected(Requirements),
}
