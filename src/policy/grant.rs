//! Leave to enter a route.

use crate::rights::Principal;
use crate::standing::Live;

/// Leave to enter. Made in `policy` alone, by a public rule or by a judgement.
#[derive(Clone, Debug)]
pub struct Grant {
    live: Option<Live>,
}

impl Grant {
    /// Leave that a public rule gives to anybody.
    #[must_use]
    pub(crate) fn public() -> Self {
        Self { live: None }
    }

    pub(super) fn to(live: Live) -> Self {
        Self { live: Some(live) }
    }

    /// Who has leave, and when it was given; nobody in particular on a public route.
    #[must_use]
    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    /// Who has leave; nobody in particular on a public route.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.live.as_ref().map(Live::principal)
    }
}
