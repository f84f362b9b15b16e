//! Who may call an endpoint.

use crate::policy::{Requirements, Rule};

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; what the body holds decides.
    Anybody,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever is signed in, and our own client by its secret. A client is nobody that a route can admit, so the
    /// endpoint looks itself.
    SignedInOrClient,
}

impl Access {
    /// The rule of the endpoint's route.
    #[must_use]
    pub fn rule(self) -> Rule {
        match self {
            Self::Anybody | Self::SignedInOrClient => Rule::Public,
            Self::SignedIn => Rule::Protected(Requirements::default()),
        }
    }
}
