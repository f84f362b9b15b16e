//! How often each part of the realm was asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::endpoint::Endpoint;

/// Counts of requests since the start, as they stood at one instant; requests that ran into a fault count too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    endpoints: BTreeMap<Endpoint, u64>,
    grants: BTreeMap<String, u64>,
}

impl Requests {
    /// Requests for the key set.
    pub fn certs(&self) -> u64 {
        self.of(Endpoint::Certs)
    }

    /// Requests for the discovery document.
    pub fn discovery(&self) -> u64 {
        self.of(Endpoint::Discovery)
    }

    /// Requests for tokens, whatever the grant.
    pub fn token(&self) -> u64 {
        self.of(Endpoint::Token)
    }

    /// Introspections.
    pub fn introspect(&self) -> u64 {
        self.of(Endpoint::Introspect)
    }

    /// Log-outs.
    pub fn logout(&self) -> u64 {
        self.of(Endpoint::Logout)
    }

    /// Requests to the Admin API.
    pub fn admin(&self) -> u64 {
        self.of(Endpoint::Admin)
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.of(Endpoint::All)
    }

    /// Requests to one endpoint.
    pub fn of(&self, endpoint: Endpoint) -> u64 {
        self.endpoints.get(&endpoint).copied().unwrap_or_default()
    }

    /// Requests for tokens by one grant (`password`, `refresh_token`, …) that were not lost in a fault.
    pub fn grant(&self, grant: &str) -> u64 {
        self.grants.get(grant).copied().unwrap_or_default()
    }
}

/// The running counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    counted: Mutex<Requests>,
}

impl Counts {
    /// Counts one request.
    pub(crate) fn endpoint(&self, endpoint: Endpoint) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for counter in [endpoint, Endpoint::All] {
            *counted.endpoints.entry(counter).or_default() += 1;
        }
    }

    /// Counts one known grant.
    pub(crate) fn grant(&self, grant: &str) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.grants.entry(grant.to_owned()).or_default() += 1;
    }

    /// The counts as they stand.
    pub(crate) fn read(&self) -> Requests {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
