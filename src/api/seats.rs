//! How many calls to Keycloak are made for one network at once, so that none takes the places of all.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::network::Network;

/// The seats that are taken; networks without any take no memory.
#[derive(Clone, Default)]
pub(super) struct Seats(Arc<Mutex<HashMap<Network, usize>>>);

/// A seat, until it is dropped.
pub(super) struct Seat {
    seats: Seats,
    network: Network,
}

impl Seats {
    /// Takes a seat, where the network has not taken too many.
    pub(super) fn take(&self, network: Network) -> Option<Seat> {
        let mut taken = self.0.lock();
        let count = taken.entry(network).or_default();
        // A network that is refused here has taken some, so that no empty entry is left.
        if *count >= OF_ONE_NETWORK {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock();
        if let Some(count) = taken.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

/// A sixteenth of all flights ([`super::flights`]), and more than a Keycloak answers in a second.
const OF_ONE_NETWORK: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_gets_so_many_seats_and_others_theirs() {
        let (seats, one, other) = (Seats::default(), network("192.0.2.1"), network("192.0.2.2"));
        let mut taken: Vec<_> = (0..OF_ONE_NETWORK).map(|_| seats.take(one).unwrap()).collect();
        assert!(seats.take(one).is_none());
        assert!(seats.take(other).is_some());
        taken.pop();
        taken.extend(seats.take(one));
        assert!(seats.take(one).is_none());
        taken.clear();
        assert!(seats.0.lock().is_empty(), "nothing is left behind");
    }

    fn network(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }
}
