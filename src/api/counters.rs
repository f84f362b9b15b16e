//! The counters that keep guessers away, and Keycloak from being flooded through us.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::ApiError;
use super::error::Counted;
use super::login_name::LoginName;
use super::throttle::{Exceeded, Throttle};
use crate::clock::Clock;
use crate::config::Throttling;

/// Every counter of the endpoints.
pub(super) struct Counters {
    names: Throttle<LoginName>,
    addresses: Throttle<Network>,
    strangers: Throttle<Network>,
    callers: Throttle<CallerKey>,
}

/// An address as far as it tells one subscriber from another: of IPv6 the /64 that each is given whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Network(IpAddr);

/// Who has tokens validated.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum CallerKey {
    /// Our own client.
    Client,
    /// A user of ours.
    User(uuid::Uuid),
}

impl Counters {
    /// Nothing is counted yet.
    pub(super) fn new(limits: Throttling, clock: &Clock) -> Self {
        let window = limits.login_window;
        Self {
            names: Throttle::new(limits.login_tries_per_name, window, clock.clone()),
            addresses: Throttle::new(limits.login_tries_per_address, window, clock.clone()),
            strangers: Throttle::new(limits.login_tries_per_address, window, clock.clone()),
            callers: Throttle::new(limits.validations_per_caller, MINUTE, clock.clone()),
        }
    }

    /// The same counts under other numbers.
    pub(super) fn limited(&self, limits: Throttling) -> Self {
        let window = limits.login_window;
        Self {
            names: self.names.limited(limits.login_tries_per_name, window),
            addresses: self.addresses.limited(limits.login_tries_per_address, window),
            strangers: self.strangers.limited(limits.login_tries_per_address, window),
            callers: self.callers.limited(limits.validations_per_caller, MINUTE),
        }
    }

    /// Counts a log-in from an address, before anything is looked up for it.
    pub(super) fn log_in_from(&self, address: IpAddr) -> Result<(), ApiError> {
        self.addresses.take(Network::of(address)).map_err(|exceeded| throttled(Counted::Address, exceeded))
    }

    /// Counts a log-in of a name, before anybody knows whether it exists.
    pub(super) fn log_in_of(&self, name: LoginName) -> Result<(), ApiError> {
        self.names.take(name).map_err(|exceeded| throttled(Counted::Name, exceeded))
    }

    /// Whether a client from this address may show a secret, right or wrong.
    pub(super) fn may_show_secret(&self, address: IpAddr) -> Result<(), ApiError> {
        self.strangers.look(&Network::of(address)).map_err(|exceeded| throttled(Counted::Address, exceeded))
    }

    /// Counts a wrong secret.
    pub(super) fn wrong_secret(&self, address: IpAddr) -> Result<(), ApiError> {
        self.strangers.take(Network::of(address)).map_err(|exceeded| throttled(Counted::Address, exceeded))
    }

    /// Counts a validation.
    pub(super) fn validate(&self, caller: CallerKey) -> Result<(), ApiError> {
        self.callers.take(caller).map_err(|exceeded| throttled(Counted::Caller, exceeded))
    }
}

impl Network {
    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & SUBSCRIBER)),
            address @ IpAddr::V4(_) => address,
        })
    }
}

fn throttled(by: Counted, exceeded: Exceeded) -> ApiError {
    ApiError::Throttled { by, retry_after: exceeded.retry_after }
}

const MINUTE: Duration = Duration::from_secs(60);
const SUBSCRIBER: u128 = !(u64::MAX as u128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_as_its_subscriber() {
        let same = |one: &str, other: &str| Network::of(one.parse().unwrap()) == Network::of(other.parse().unwrap());
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
