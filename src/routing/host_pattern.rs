//! Which hosts a route is for.

use std::fmt;

use crate::request::Host;

/// Any host, one host, or every host below a domain. The port of a request is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Every host that no other pattern names.
    Any,
    /// This name or address, in lower case.
    Exact(String),
    /// One or more labels before this suffix, which begins with a dot: `*.example.com` is `.example.com`.
    Below(String),
}

/// Why a host pattern is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostPatternError {
    /// With a port.
    #[error("a host pattern has no port: the port of a request is not looked at")]
    Port,
    /// A `*` that is not the whole first label, or that stands before an address.
    #[error("'*' can only be the whole first label of a name, as in \"*.example.com\"")]
    Wildcard,
    /// Not a name or an address.
    #[error("not a host name, an IPv4 address, or an IPv6 address in brackets")]
    Malformed,
}

impl HostPattern {
    /// Reads `app.example.com`, `192.0.2.1`, `[2001:db8::1]` or `*.example.com`.
    pub fn parse(text: &str) -> Result<Self, HostPatternError> {
        let (below, name) = text.strip_prefix("*.").map_or((false, text), |name| (true, name));
        if name.contains('*') {
            return Err(HostPatternError::Wildcard);
        }
        let host = Host::parse(name).map_err(|_| HostPatternError::Malformed)?;
        if host.port().is_some() {
            return Err(HostPatternError::Port);
        }
        match below {
            false => Ok(Self::Exact(host.name().to_owned())),
            true if is_address(host.name()) => Err(HostPatternError::Wildcard),
            true => Ok(Self::Below(format!(".{}", host.name()))),
        }
    }

    /// Whether the pattern takes this host.
    #[must_use]
    pub fn matches(&self, host: &Host) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(name) => name == host.name(),
            Self::Below(suffix) => host.name().len() > suffix.len() && host.name().ends_with(suffix.as_str()),
        }
    }
}

/// As it is written; nothing for any host.
impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::Exact(name) => f.write_str(name),
            Self::Below(suffix) => write!(f, "*{suffix}"),
        }
    }
}

/// A last label of digits makes an address, whole or in part (WHATWG URL, "ends in a number").
fn is_address(name: &str) -> bool {
    name.starts_with('[')
        || name.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(pattern: &str, host: &str) -> bool {
        HostPattern::parse(pattern).unwrap().matches(&Host::parse(host).unwrap())
    }

    #[test]
    fn a_name_takes_itself_in_any_case_and_at_any_port() {
        assert!(takes("App.Example.com", "app.example.COM:8000"));
        assert!(!takes("app.example.com", "x.app.example.com"));
        assert!(takes("[::1]", "[::1]:80"));
    }

    #[test]
    fn a_wildcard_takes_one_label_or_more_but_not_the_domain_itself() {
        assert!(takes("*.example.com", "a.example.com"));
        assert!(takes("*.example.com", "a.b.example.com"));
        assert!(!takes("*.example.com", "example.com"));
        assert!(!takes("*.example.com", "evilexample.com"));
    }

    #[test]
    fn what_is_no_host_pattern_is_refused() {
        let error = |text| HostPattern::parse(text).unwrap_err();
        assert_eq!(error("app.example.com:80"), HostPatternError::Port);
        for text in ["*", "a*.example.com", "a.*.com", "*.*.com", "*.0.0.1"] {
            assert_eq!(error(text), HostPatternError::Wildcard, "{text}");
        }
        for text in ["", "*.", "a b", "https://a", "a/b", "::1", "a."] {
            assert_eq!(error(text), HostPatternError::Malformed, "{text}");
        }
    }
}
