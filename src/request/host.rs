//! The host that a request names, read in one way only.

use std::fmt;
use std::net::Ipv6Addr;
use std::sync::Arc;

/// The value of `Host` (RFC 9110 §7.2): a name or address and perhaps a port.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Host {
    /// Name and port as they are sent on.
    text: Arc<str>,
    name: usize,
    port: Option<u16>,
}

/// Why a host is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// No field, or an empty one.
    #[error("the request names no host")]
    Missing,
    /// More than one field, or a target that names another host.
    #[error("the request names more than one host")]
    Several,
    /// Not a name, an IPv4 address or an IPv6 address in brackets; or a trailing dot, or an unreadable port.
    #[error("the host of the request is not valid")]
    Malformed,
}

impl Host {
    /// Reads a host with an optional port. A trailing dot is refused: servers disagree on what it means.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if text.is_empty() {
            return Err(HostError::Missing);
        }
        let (name, port) = split_port(text)?;
        let mut canonical = match ipv6(name) {
            Some(address) => format!("[{address}]"),
            None if !is_name(name) => return Err(HostError::Malformed),
            // Most are canonical as they come.
            None if port.is_none() && !text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                return Ok(Self { text: text.into(), name: text.len(), port });
            }
            None => name.to_ascii_lowercase(),
        };
        let name = canonical.len();
        if let Some(port) = port {
            canonical.push_str(&format!(":{port}"));
        }
        Ok(Self { text: canonical.into(), name, port })
    }

    /// Name and port, in one spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same, shared.
    #[must_use]
    pub fn shared(&self) -> &Arc<str> {
        &self.text
    }

    /// The name or address in lower case, without the port.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.get(..self.name).unwrap_or_default()
    }

    /// The same, shared.
    #[must_use]
    pub fn shared_name(&self) -> Arc<str> {
        if self.port.is_none() { Arc::clone(&self.text) } else { self.name().into() }
    }

    /// The port, where it is written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn split_port(text: &str) -> Result<(&str, Option<u16>), HostError> {
    let after_address = text.rfind(']').map_or(0, |end| end + 1);
    let Some(colon) = text.get(after_address..).and_then(|rest| rest.find(':')) else {
        return Ok((text, None));
    };
    let (name, port) = text.split_at(after_address + colon);
    let port = port.strip_prefix(':').unwrap_or_default();
    let plain = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if plain => Ok((name, Some(port))),
        _ => Err(HostError::Malformed),
    }
}

/// An address has many spellings; the shortest stands for all.
fn ipv6(name: &str) -> Option<Ipv6Addr> {
    name.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Labels of letters, digits, hyphens and underscores (which container networks use), RFC 1123 §2.1.
fn is_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_with_and_without_port() {
        assert_eq!(Host::parse("Example.TEST").unwrap().name(), "example.test");
        assert_eq!(Host::parse("example.test:8000").unwrap().port(), Some(8000));
        assert_eq!(Host::parse("[0:0::1]:80").unwrap().name(), "[::1]");
        assert_eq!(Host::parse("127.0.0.1").unwrap().to_string(), "127.0.0.1");
    }

    #[test]
    fn doubtful_hosts_are_refused() {
        for text in [
            "a b",
            "a,b",
            "a/b?c",
            "a.",
            ".a",
            "a:",
            "a:b",
            "a:+1",
            "a:99999",
            "a::1",
            "user@a",
            "[fe80::1%25eth0]",
            "[::1",
            "::1",
            "a\u{e9}",
        ] {
            assert_eq!(Host::parse(text), Err(HostError::Malformed), "{text}");
        }
        assert_eq!(Host::parse(""), Err(HostError::Missing));
    }
}
