//! Where a request came from, and what its upstream is told about it.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::Host;

/// The connection that a request came in on.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The address at the other end.
    pub address: IpAddr,
    /// Whether the connection was encrypted.
    pub tls: bool,
}

/// The client as far as it can be told: by the connection, and by what trusted proxies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The nearest address that is not a trusted proxy.
    pub address: IpAddr,
    /// What `X-Forwarded-For` tells the upstream.
    pub forwarded_for: Arc<str>,
    /// What `X-Forwarded-Proto` tells the upstream.
    pub proto: Scheme,
    /// What `X-Forwarded-Host` tells the upstream.
    pub host: Arc<str>,
}

/// How the client connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// As a URL writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What a proxy in front says; believed only where it is trusted.
#[derive(Clone, Debug, Default)]
pub(super) struct Hearsay<'a> {
    pub(super) forwarded_for: Option<String>,
    pub(super) proto: Option<&'a str>,
    pub(super) host: Option<&'a str>,
}

/// Peers whose word counts.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts the addresses of these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether an address is trusted; an IPv4 address written as IPv6 is the same address.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Client {
    /// The client's address as text: the first that `X-Forwarded-For` names.
    #[must_use]
    pub fn address_text(&self) -> Arc<str> {
        match self.forwarded_for.split_once(',') {
            Some((first, _)) => first.into(),
            None => Arc::clone(&self.forwarded_for),
        }
    }

    pub(super) fn tell(peer: Peer, host: &Host, hearsay: Hearsay<'_>, trusted: &TrustedProxies) -> Self {
        let direct = peer.address.to_canonical();
        let mut client = Self {
            address: direct,
            forwarded_for: direct.to_string().into(),
            proto: if peer.tls { Scheme::Https } else { Scheme::Http },
            host: Arc::clone(host.shared()),
        };
        if trusted.trusts(direct) {
            client.believe(hearsay, trusted);
        }
        client
    }

    fn believe(&mut self, hearsay: Hearsay<'_>, trusted: &TrustedProxies) {
        if let Some(list) = &hearsay.forwarded_for {
            self.believe_addresses(list, trusted);
        }
        match hearsay.proto {
            Some("http") => self.proto = Scheme::Http,
            Some("https") => self.proto = Scheme::Https,
            Some(_) | None => {}
        }
        if let Some(host) = hearsay.host.and_then(|host| Host::parse(host).ok()) {
            self.host = Arc::clone(host.shared());
        }
    }

    /// Reads from the right, where the nearest proxy wrote; stops at the first address that is not trusted, and
    /// at anything that is no address. What lies left of it was written by who knows whom and is dropped.
    fn believe_addresses(&mut self, list: &str, trusted: &TrustedProxies) {
        let mut chain = vec![self.forwarded_for.to_string()];
        for entry in list.rsplit(',') {
            let Ok(address) = entry.trim().parse::<IpAddr>() else { break };
            self.address = address.to_canonical();
            chain.push(self.address.to_string());
            if !trusted.trusts(self.address) {
                break;
            }
        }
        chain.reverse();
        self.forwarded_for = chain.join(", ").into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(peer: &str, hearsay: Hearsay<'_>, trusted: &[&str]) -> Client {
        let trusted = TrustedProxies::new(trusted.iter().map(|net| net.parse().unwrap()).collect());
        let peer = Peer { address: peer.parse().unwrap(), tls: false };
        Client::tell(peer, &Host::parse("app.test").unwrap(), hearsay, &trusted)
    }

    fn lie() -> Hearsay<'static> {
        Hearsay { forwarded_for: Some("1.2.3.4".into()), proto: Some("https"), host: Some("evil.test") }
    }

    #[test]
    fn nobody_is_believed_by_default() {
        let client = tell("9.9.9.9", lie(), &[]);
        assert_eq!(&*client.forwarded_for, "9.9.9.9");
        assert_eq!(client.proto, Scheme::Http);
        assert_eq!(&*client.host, "app.test");
    }

    #[test]
    fn a_trusted_proxy_is_believed_also_in_its_ipv6_spelling() {
        for peer in ["10.0.0.1", "::ffff:10.0.0.1"] {
            let client = tell(peer, lie(), &["10.0.0.0/8"]);
            assert_eq!(client.address, "1.2.3.4".parse::<IpAddr>().unwrap());
            assert_eq!(&*client.forwarded_for, "1.2.3.4, 10.0.0.1");
            assert_eq!(&*client.address_text(), "1.2.3.4");
            assert_eq!(client.proto, Scheme::Https);
            assert_eq!(&*client.host, "evil.test");
        }
    }

    #[test]
    fn the_list_is_read_from_the_right_as_far_as_trust_goes() {
        let hearsay = Hearsay { forwarded_for: Some("6.6.6.6, 1.2.3.4,10.0.0.2".into()), ..Hearsay::default() };
        let client = tell("10.0.0.1", hearsay, &["10.0.0.0/8"]);
        assert_eq!(client.address, "1.2.3.4".parse::<IpAddr>().unwrap());
        assert_eq!(&*client.forwarded_for, "1.2.3.4, 10.0.0.2, 10.0.0.1");
    }

    #[test]
    fn what_is_no_address_ends_the_list() {
        let hearsay = Hearsay { forwarded_for: Some("6.6.6.6, unknown".into()), ..Hearsay::default() };
        assert_eq!(&*tell("10.0.0.1", hearsay, &["10.0.0.0/8"]).forwarded_for, "10.0.0.1");
    }
}
