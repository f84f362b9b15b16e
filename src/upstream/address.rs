//! From a server's name to its addresses.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::config::ServerUrl;

/// The address that is written in the URL, where one is.
pub(super) fn literal(url: &ServerUrl) -> Option<SocketAddr> {
    url.host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, url.port))
}

/// Every address of a name, in a fixed order; nothing where nobody knows. Addresses that no name of an application has
/// are left out: whoever can change the answer must not lead requests to the machine's own metadata service.
pub(super) async fn look_up(url: &ServerUrl) -> Option<Vec<SocketAddr>> {
    let found = tokio::net::lookup_host((url.host.as_str(), url.port)).await.ok()?;
    let mut addresses: Vec<_> = found.filter(|address| may_be_named(address.ip())).collect();
    addresses.sort_unstable();
    addresses.dedup();
    Some(addresses).filter(|addresses| !addresses.is_empty())
}

/// Link-local (169.254.169.254 among it), multicast and unspecified addresses can be written in the file, and a name
/// cannot lead there.
fn may_be_named(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !(address.is_link_local() || is_nobody(address.into())),
        IpAddr::V6(address) => !(address.is_unicast_link_local() || address == METADATA || is_nobody(address.into())),
    }
}

fn is_nobody(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    address.is_multicast() || address.is_unspecified() || broadcast
}

/// The metadata service of a cloud, at a private address.
const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_no_metadata_service() {
        let may = |text: &str| may_be_named(text.parse().unwrap());
        for bad in
            ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1"]
        {
            assert!(!may(bad), "{bad}");
        }
        for good in ["10.0.0.1", "127.0.0.1", "::1", "fd00::1", "2001:db8::1"] {
            assert!(may(good), "{good}");
        }
    }

    #[tokio::test]
    async fn a_name_has_all_of_its_addresses() {
        let url = |host: &str| ServerUrl { tls: false, host: host.into(), port: 80 };
        assert!(look_up(&url("localhost")).await.unwrap().contains(&"127.0.0.1:80".parse().unwrap()));
        assert_eq!(look_up(&url("no-such-name.invalid")).await, None);
        assert_eq!(literal(&url("::1")), Some("[::1]:80".parse().unwrap()));
        assert_eq!(literal(&url("localhost")), None);
    }
}
