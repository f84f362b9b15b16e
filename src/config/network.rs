//! Networks of proxies that are trusted.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Fault;

/// Reads a network or a single address. An IPv4-mapped network (RFC 4291 §2.5.5.2) becomes the IPv4 network, so that
/// a peer is one peer in either spelling; a network that holds everybody is refused.
pub(super) fn parse(text: &str) -> Result<IpNet, Fault> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network = network
        .map(|network| unmapped(network.trunc()))
        .map_err(|_| Fault::new("not a network", r#"write an address or a network such as "10.0.0.0/8""#))?;
    if network.prefix_len() == 0 || network.contains(&mapped_world()) {
        let problem = "this trusts every client to say who and where it is";
        return Err(Fault::new(problem, "name the networks of your own proxies"));
    }
    Ok(network)
}

fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let length = mapped.prefix_len().checked_sub(96);
    match (mapped.addr().to_ipv4_mapped(), length) {
        (Some(address), Some(length)) => Ipv4Net::new(address, length).map_or(network, IpNet::V4),
        _ => network,
    }
}

/// The IPv6 spelling of every IPv4 address.
fn mapped_world() -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        parse(text).ok().map(|network| network.to_string())
    }

    #[test]
    fn networks_and_addresses_are_read() {
        assert_eq!(shown("10.0.0.0/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(shown("10.1.2.3/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(shown("192.0.2.7").as_deref(), Some("192.0.2.7/32"));
        assert_eq!(shown("::ffff:10.0.0.0/104").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(shown("::ffff:192.0.2.7").as_deref(), Some("192.0.2.7/32"));
    }

    #[test]
    fn a_network_of_everybody_is_refused() {
        for text in [
            "0.0.0.0/0",
            "::/0",
            "::ffff:0:0/96",
            "::ffff:0:0/90",
            "1.2.3.4/0",
            "::ffff:0.0.0.0/96",
            "10.0.0.0/33",
            "lan",
            "",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
