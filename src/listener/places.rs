//! Who may hold a connection: so many in all, and so many of one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{HeadError, Limits};
use crate::request::TrustedProxies;

/// The places of a gateway, however many listeners it has.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place, for as long as it is held.
#[derive(Debug)]
pub(super) struct Place {
    shared: Arc<Shared>,
    counted: Option<IpAddr>,
}

impl Places {
    /// A place for a peer. A trusted proxy brings the connections of many, so only the whole is counted for it.
    pub(super) fn take(
        &self,
        peer: Option<IpAddr>,
        trusted: &TrustedProxies,
        limits: &Limits,
    ) -> Result<Place, HeadError> {
        let counted = peer.filter(|peer| !trusted.trusts(*peer)).map(counted_as);
        let mut taken = self.0.taken.lock();
        if taken.all >= limits.max_connections {
            return Err(HeadError::TooManyConnections);
        }
        if let Some(address) = counted {
            let of_one = taken.by_address.entry(address).or_insert(0);
            if *of_one >= limits.max_connections_per_address {
                return Err(HeadError::TooManyOfOneAddress);
            }
            *of_one += 1;
        }
        taken.all += 1;
        Ok(Place { shared: Arc::clone(&self.0), counted })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.shared.taken.lock();
        taken.all = taken.all.saturating_sub(1);
        let Some(address) = self.counted else { return };
        if let Some(of_one) = taken.by_address.get_mut(&address) {
            *of_one -= 1;
            if *of_one == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

/// Whoever has one IPv6 address has the 2^64 of its network (RFC 6177).
fn counted_as(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

const NETWORK: u128 = !0 << 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// Places under limits: so many in all, and so many of one address.
    struct House(Places, Limits);

    fn house(max_connections: usize, max_connections_per_address: usize) -> House {
        let second = std::time::Duration::from_secs(1);
        let limits = Limits {
            header_timeout: second,
            handshake_timeout: second,
            idle_timeout: second,
            max_header_size: 0,
            max_headers: 0,
            max_connections,
            max_connections_per_address,
            max_streams: 0,
        };
        House(Places::default(), limits)
    }

    fn take(House(places, limits): &House, peer: &str) -> Result<Place, HeadError> {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        places.take(Some(peer.parse().unwrap()), &trusted, limits)
    }

    #[test]
    fn other_limits_count_the_same_places() {
        let House(places, _) = house(2, 2);
        let held = take(&House(places.clone(), house(2, 2).1), "192.0.2.1").unwrap();
        let fewer = House(places.clone(), house(1, 1).1);
        assert_eq!(take(&fewer, "192.0.2.2").unwrap_err(), HeadError::TooManyConnections);
        take(&House(places, house(2, 1).1), "192.0.2.2").unwrap();
        drop(held);
        take(&fewer, "192.0.2.2").unwrap();
    }

    #[test]
    fn one_address_has_its_share_and_gives_it_back() {
        let places = house(100, 2);
        let held = [take(&places, "192.0.2.1").unwrap(), take(&places, "::ffff:192.0.2.1").unwrap()];
        assert_eq!(take(&places, "192.0.2.1").unwrap_err(), HeadError::TooManyOfOneAddress);
        take(&places, "192.0.2.2").unwrap();
        drop(held);
        take(&places, "192.0.2.1").unwrap();
        assert!(places.0.0.taken.lock().by_address.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let places = house(100, 1);
        let _held = take(&places, "2001:db8::1").unwrap();
        assert_eq!(take(&places, "2001:db8::2").unwrap_err(), HeadError::TooManyOfOneAddress);
        take(&places, "2001:db8:0:1::1").unwrap();
    }

    #[test]
    fn a_trusted_proxy_counts_in_the_whole_only() {
        let places = house(3, 1);
        let _held: Vec<_> = (0..3).map(|_| take(&places, "10.1.2.3").unwrap()).collect();
        assert_eq!(take(&places, "192.0.2.1").unwrap_err(), HeadError::TooManyConnections);
    }
}
