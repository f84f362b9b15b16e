//! The counters that keep guessers away, and Keycloak from being flooded through us.

use std::net::IpAddr;
use std::time::Duration;

use super::ApiError;
use super::error::Counted;
use super::login_name::LoginName;
use super::network::Network;
use super::seats::{Seat, Seats};
use super::throttle::{Exceeded, Throttle};
use super::throttle_metrics::{Counter, ThrottleMetrics};
use crate::clock::Clock;
use crate::config::Throttling;

/// Every counter of the endpoints.
pub(super) struct Counters {
    names: Throttle<LoginName>,
    addresses: Throttle<Network>,
    strangers: Throttle<Network>,
    refused: Throttle<Network>,
    callers: Throttle<CallerKey>,
    seats: Seats,
}

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
    pub(super) fn new(limits: Throttling, metrics: &ThrottleMetrics, clock: &Clock) -> Self {
        let window = limits.login_window;
        let of_address = limits.login_tries_per_address;
        Self {
            names: Throttle::new(Counter::LogInNames, metrics, clock).limited(limits.login_tries_per_name, window),
            addresses: Throttle::new(Counter::LogInAddresses, metrics, clock).limited(of_address, window),
            strangers: Throttle::new(Counter::WrongSecrets, metrics, clock).limited(of_address, window),
            refused: Throttle::new(Counter::RefusedTokens, metrics, clock)
                .limited(limits.refused_tokens_per_address, window),
            callers: Throttle::new(Counter::Callers, metrics, clock).limited(limits.validations_per_caller, MINUTE),
            seats: Seats::default(),
        }
    }

    /// The same counts under other numbers.
    pub(super) fn limited(&self, limits: Throttling) -> Self {
        let window = limits.login_window;
        Self {
            names: self.names.limited(limits.login_tries_per_name, window),
            addresses: self.addresses.limited(limits.login_tries_per_address, window),
            strangers: self.strangers.limited(limits.login_tries_per_address, window),
            refused: self.refused.limited(limits.refused_tokens_per_address, window),
            callers: self.callers.limited(limits.validations_per_caller, MINUTE),
            seats: self.seats.clone(),
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

    /// Leave to ask Keycloak about something that this address has sent, for as long as the seat is kept. What
    /// Keycloak takes is not counted: only who sends what it refuses is kept away.
    pub(super) fn ask(&self, address: IpAddr) -> Result<Seat, ApiError> {
        let network = Network::of(address);
        self.refused.look(&network).map_err(|exceeded| throttled(Counted::Refused, exceeded))?;
        self.seats.take(network).ok_or(ApiError::Throttled { by: Counted::AtOnce, retry_after: SOON })
    }

    /// Counts what Keycloak has refused. That there is no room to count it is told by the counter: it keeps Keycloak
    /// from work, and nobody from guessing, so that nobody new is refused for it.
    pub(super) fn refused(&self, address: IpAddr) {
        let _ = self.refused.take(Network::of(address));
    }

    /// Counts a validation.
    pub(super) fn validate(&self, caller: CallerKey) -> Result<(), ApiError> {
        self.callers.take(caller).map_err(|exceeded| throttled(Counted::Caller, exceeded))
    }
}

fn throttled(by: Counted, exceeded: Exceeded) -> ApiError {
    ApiError::Throttled { by, retry_after: exceeded.retry_after }
}

const MINUTE: Duration = Duration::from_secs(60);
/// Most calls are over by then.
const SOON: Duration = Duration::from_secs(1);
