//! The hosts that a certificate stands for.

use std::net::{Ipv4Addr, Ipv6Addr};

use x509_parser::extensions::GeneralName;

use crate::request::Host;

/// Host names in lower case, `*.` for one label in front, and addresses as `Host` writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<Box<str>>);

impl Names {
    /// The names of a configuration; nothing where one is no host.
    #[must_use]
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names.into_iter().map(parse).collect::<Option<Vec<_>>>().map(Self)
    }

    /// The names in a certificate; what is no host name or address is left out.
    #[must_use]
    pub(super) fn of<'a>(written: impl IntoIterator<Item = &'a GeneralName<'a>>) -> Self {
        Self(written.into_iter().filter_map(name).collect())
    }

    /// Whether a host is one of them. A wildcard stands for exactly one label (RFC 9525 §6.3).
    #[must_use]
    pub fn cover(&self, host: &str) -> bool {
        let parent = host.split_once('.').map(|(_, parent)| parent);
        self.0.iter().any(|name| match name.strip_prefix("*.") {
            Some(below) => parent == Some(below),
            None => **name == *host,
        })
    }

    /// Each as it is written.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

fn name(written: &GeneralName<'_>) -> Option<Box<str>> {
    match written {
        GeneralName::DNSName(name) => parse(name),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<Box<str>> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).to_string().into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| format!("[{}]", Ipv6Addr::from(v6)).into())
}

fn parse(name: &str) -> Option<Box<str>> {
    let plain = name.strip_prefix("*.").unwrap_or(name);
    let host = Host::parse(plain).ok().filter(|host| host.port().is_none())?;
    Some(if plain == name { host.name().into() } else { format!("*.{}", host.name()).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_one_label() {
        let names = Names::parse(["App.test", "*.wide.test", "127.0.0.1", "[::1]"]).unwrap();
        for host in ["app.test", "a.wide.test", "127.0.0.1", "[::1]"] {
            assert!(names.cover(host), "{host}");
        }
        for host in ["b.app.test", "wide.test", "a.b.wide.test", "127.0.0.2", "*.wide.test"] {
            assert!(!names.cover(host) || host.starts_with('*'), "{host}");
        }
    }

    #[test]
    fn what_is_no_host_is_no_name() {
        for name in ["", "a b", "*", "*.", "a*.test", "a.test:443", "a.test\0b.test"] {
            assert_eq!(Names::parse([name]), None, "{name:?}");
        }
        let nul = [GeneralName::DNSName("a.test\0.evil.test"), GeneralName::IPAddress(&[127, 0, 0, 1])];
        assert_eq!(Names::of(&nul).iter().collect::<Vec<_>>(), ["127.0.0.1"]);
    }
}
