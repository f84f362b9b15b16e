//! An address as far as it tells one subscriber from another.

use std::net::{IpAddr, Ipv6Addr};

/// An address of IPv4; of IPv6 the /64 that each subscriber is given whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Network(IpAddr);

impl Network {
    /// The network of a client.
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & SUBSCRIBER)),
            address @ IpAddr::V4(_) => address,
        })
    }
}

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
