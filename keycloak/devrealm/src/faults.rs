//! What a test makes the realm do wrong.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::endpoint::Endpoint;

/// One way to answer wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The right answer, but late; the request is handled after the wait.
    Slow(Duration),
    /// The right answer, but late; the request is handled before the wait.
    Late(Duration),
    /// No answer at all: the connection stays open and silent.
    Hang,
    /// The connection is closed without an answer, and nothing has happened.
    Refuse,
    /// This status with Keycloak's body for trouble, and nothing has happened.
    Status(u16),
    /// 200 with a page of HTML, as a proxy in the way would answer.
    Rubbish,
    /// The request is handled, but the body ends in its middle.
    Cut,
    /// The right answer behind 10 MB of white space.
    Huge,
    /// Any bytes at all.
    Body {
        /// The status line's number.
        status: u16,
        /// The header `Content-Type`.
        content_type: String,
        /// The body.
        body: Bytes,
    },
}

/// The faults in force, by endpoint; an endpoint's own fault goes before that of `Endpoint::All`.
#[derive(Debug, Default)]
pub struct Faults {
    set: Mutex<HashMap<Endpoint, Standing>>,
}

#[derive(Debug)]
struct Standing {
    fault: Fault,
    /// How many more requests it hits; `None` until it is cleared.
    left: Option<u32>,
}

impl Faults {
    /// Breaks an endpoint until it is cleared.
    pub fn set(&self, endpoint: Endpoint, fault: Fault) {
        self.lock().insert(endpoint, Standing { fault, left: None });
    }

    /// Breaks an endpoint for so many requests.
    pub fn set_for(&self, endpoint: Endpoint, fault: Fault, requests: u32) {
        self.lock().insert(endpoint, Standing { fault, left: Some(requests) });
    }

    /// Mends one endpoint.
    pub fn clear(&self, endpoint: Endpoint) {
        self.lock().remove(&endpoint);
    }

    /// Mends everything.
    pub fn clear_all(&self) {
        self.lock().clear();
    }

    /// The fault that hits the next request of an endpoint.
    pub(crate) fn take(&self, endpoint: Endpoint) -> Option<Fault> {
        let mut set = self.lock();
        set.retain(|_, standing| standing.left != Some(0));
        let hit = if set.contains_key(&endpoint) { endpoint } else { Endpoint::All };
        let standing = set.get_mut(&hit)?;
        standing.left = standing.left.map(|left| left.saturating_sub(1));
        Some(standing.fault.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Endpoint, Standing>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};
    use crate::endpoint::Endpoint;

    #[test]
    fn a_fault_lasts_as_long_as_it_was_set_for() {
        let faults = Faults::default();
        faults.set_for(Endpoint::Certs, Fault::Hang, 1);
        faults.set(Endpoint::All, Fault::Refuse);
        assert_eq!(faults.take(Endpoint::Certs), Some(Fault::Hang));
        assert_eq!(faults.take(Endpoint::Certs), Some(Fault::Refuse));
        faults.clear(Endpoint::All);
        assert_eq!(faults.take(Endpoint::Certs), None);
    }
}
