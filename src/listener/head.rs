//! The raw head of an HTTP/1 request: read in one way only, or refused. Nothing is rewritten.

use http::header::COOKIE;
use memchr::memchr;
use pingora::http::RequestHeader;

/// Why a raw head is refused. The connection is closed with it: how long its body is was not asked, so that nobody knows
/// where the next request begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// It did not arrive within `header_timeout`.
    #[error("the head of the request did not arrive in time")]
    TooSlow,
    /// Larger than `max_header_size`.
    #[error("the head of the request is too large")]
    TooLarge,
    /// More fields than `max_headers`.
    #[error("the head of the request has too many fields")]
    TooManyFields,
    /// More connections than `max_connections`.
    #[error("there are too many connections")]
    TooManyConnections,
    /// More connections of one address than `max_connections_per_address`.
    #[error("there are too many connections of this address")]
    TooManyOfOneAddress,
    /// HTTP where TLS is spoken.
    #[error("plain HTTP on the TLS port")]
    NoTls,
    /// An HTTP/2 request that names two hosts or none, or whose path is none.
    #[error("the HTTP/2 request is malformed")]
    Http2,
    /// A scheme that is not `http` or `https`.
    #[error("the scheme of the request is not supported")]
    Scheme,
    /// Not `METHOD target HTTP/1.1`.
    #[error("the request line is malformed")]
    RequestLine,
    /// Not HTTP/1.0 or HTTP/1.1.
    #[error("the HTTP version is not supported")]
    Version,
    /// A line that ends without CR.
    #[error("a line of the head ends with a bare line feed")]
    BareLineFeed,
    /// A field on several lines (RFC 9112 §5.2).
    #[error("a header field is folded")]
    Folded,
    /// A name that is no token, or a blank before the colon (RFC 9112 §5.1).
    #[error("the name of a header field is malformed")]
    FieldName,
    /// A control character in a value (RFC 9110 §5.5).
    #[error("the value of a header field is malformed")]
    FieldValue,
    /// Not exactly one `Host` (RFC 9112 §3.2).
    #[error("the request does not have exactly one Host")]
    Host,
    /// The length of the body can be read in more than one way (RFC 9112 §6).
    #[error("the framing of the request is ambiguous")]
    Framing,
    /// `Expect` of something else than `100-continue`.
    #[error("the expectation is not supported")]
    Expectation,
}

/// How the body of a request is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// By its length, which may be none.
    Length,
    /// In chunks.
    Chunked,
}

/// What the fields of a head say about the body and the host.
#[derive(Default)]
struct Seen {
    hosts: usize,
    lengths: usize,
    codings: usize,
    fields: usize,
}

/// The lines of a complete head; bytes behind the last line feed are none.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (line, rest) = self.0.split_at(memchr(b'\n', self.0)?);
        self.0 = rest.strip_prefix(b"\n").unwrap_or_default();
        Some(line)
    }
}

/// Checks a complete head, up to and with its empty line.
pub(super) fn check(head: &[u8], max_fields: usize) -> Result<Body, HeadError> {
    let mut lines = Lines(head).map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let old = check_request_line(lines.next().unwrap_or_default())?;
    let mut seen = Seen::default();
    for line in lines.take_while(|line| !line.is_empty()) {
        check_field(line, &mut seen)?;
        if seen.fields > max_fields {
            return Err(HeadError::TooManyFields);
        }
    }
    if seen.hosts != 1 {
        return Err(HeadError::Host);
    }
    if seen.lengths + seen.codings > 1 || (old && seen.codings > 0) {
        return Err(HeadError::Framing);
    }
    Ok(if seen.codings > 0 { Body::Chunked } else { Body::Length })
}

/// Checks the fields of an HTTP/2 request, which the HTTP library has read: what is left is what they mean. The pieces
/// of a cookie count as one (RFC 9113 §8.2.3).
pub(super) fn check_fields(head: &RequestHeader, max_fields: usize) -> Result<(), HeadError> {
    let mut seen = Seen::default();
    let (fields, pieces) = (head.headers.len(), head.headers.get_all(COOKIE).iter().count());
    if fields - pieces.saturating_sub(1).min(fields) > max_fields {
        return Err(HeadError::TooManyFields);
    }
    if head.uri.scheme_str().is_some_and(|scheme| scheme != "http" && scheme != "https") {
        return Err(HeadError::Scheme);
    }
    for (name, value) in &head.headers {
        check_meaning(name.as_str().as_bytes(), value.as_bytes(), &mut seen)?;
    }
    if seen.lengths > 1 || seen.codings > 0 { Err(HeadError::Framing) } else { Ok(()) }
}

/// Where a head ends, if its end is within these bytes; `from` bytes were searched before.
pub(super) fn end(bytes: &[u8], from: usize) -> Result<Option<usize>, HeadError> {
    let mut at = from.saturating_sub(3);
    while let Some(step) = bytes.get(at..).and_then(|rest| memchr(b'\n', rest)) {
        let feed = at + step;
        let before = bytes.get(..feed).unwrap_or_default();
        if before.last() != Some(&b'\r') {
            return Err(HeadError::BareLineFeed);
        }
        if before.ends_with(b"\r\n\r") {
            return Ok(Some(feed + 1));
        }
        at = feed + 1;
    }
    Ok(None)
}

/// Whether the version is 1.0.
fn check_request_line(line: &[u8]) -> Result<bool, HeadError> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(HeadError::RequestLine);
    };
    // Method names are case-sensitive, and every one that is registered is upper case: `get` is somebody's trick.
    let is_method = !method.is_empty() && method.iter().all(|byte| byte.is_ascii_uppercase() || b"-_".contains(byte));
    // A tunnel is nothing that can be judged.
    let is_tunnel = method == b"CONNECT";
    if !is_method || is_tunnel || target.first() != Some(&b'/') || !target.iter().all(|byte| is_target(*byte)) {
        return Err(HeadError::RequestLine);
    }
    match version {
        b"HTTP/1.1" => Ok(false),
        b"HTTP/1.0" => Ok(true),
        _ if version.starts_with(b"HTTP/") => Err(HeadError::Version),
        _ => Err(HeadError::RequestLine),
    }
}

/// What may stand in a target at all; the path is judged in detail later.
fn is_target(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'}' | b'#')
}

fn check_field(line: &[u8], seen: &mut Seen) -> Result<(), HeadError> {
    if line.first().is_some_and(|byte| *byte == b' ' || *byte == b'\t') {
        return Err(HeadError::Folded);
    }
    let colon = line.iter().position(|byte| *byte == b':').ok_or(HeadError::FieldName)?;
    let (name, value) = line.split_at(colon);
    let value = trimmed(value.strip_prefix(b":").unwrap_or_default());
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err(HeadError::FieldName);
    }
    // Without a way out early the compiler looks at many bytes at once.
    if value.iter().fold(false, |found, byte| found | (byte.is_ascii_control() & (*byte != b'\t'))) {
        return Err(HeadError::FieldValue);
    }
    seen.fields += 1;
    check_meaning(name, value, seen)
}

/// Without the blanks around it, which are SP and HTAB only (RFC 9110 §5.6.3).
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The fields that frame the request. A length is one plain decimal, a coding is `chunked` alone.
fn check_meaning(name: &[u8], value: &[u8], seen: &mut Seen) -> Result<(), HeadError> {
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    if is("host") {
        seen.hosts += 1;
    } else if is("content-length") {
        seen.lengths += 1;
        let plain = (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
        let padded = value.len() > 1 && value.first() == Some(&b'0');
        if !plain || padded {
            return Err(HeadError::Framing);
        }
    } else if is("transfer-encoding") {
        seen.codings += 1;
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(HeadError::Framing);
        }
    } else if is("expect") && !value.eq_ignore_ascii_case(b"100-continue") {
        return Err(HeadError::Expectation);
    }
    Ok(())
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(line: &str) -> Result<(), HeadError> {
        check(format!("GET /a HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n").as_bytes(), 100).map(drop)
    }

    fn first(line: &str) -> Result<(), HeadError> {
        check(format!("{line}\r\nHost: a\r\n\r\n").as_bytes(), 100).map(drop)
    }

    #[test]
    fn ordinary_heads_pass() {
        assert_eq!(first("POST /a?b=c|[d] HTTP/1.1"), Ok(()));
        assert_eq!(first("GET / HTTP/1.0"), Ok(()));
        for line in [
            "A: b",
            "Content-Length: 10",
            "Transfer-Encoding: Chunked",
            "Expect: 100-continue",
            "X: caf\u{e9}",
            "Empty:",
        ] {
            assert_eq!(with(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn doubtful_heads_are_refused() {
        assert_eq!(first("CONNECT /x HTTP/1.1"), Err(HeadError::RequestLine));
        assert_eq!(with("A: b\u{c}"), Err(HeadError::FieldValue));
        assert_eq!(with("A: b\r"), Err(HeadError::FieldValue));
        for line in [
            "get / HTTP/1.1",
            "GET  / HTTP/1.1",
            "GET /a b HTTP/1.1",
            "GET / ",
            "GET a HTTP/1.1",
            "GET * HTTP/1.1",
            "GET /\"<> HTTP/1.1",
            "GET /a#b HTTP/1.1",
            "",
            "GET / FTP/1.1",
        ] {
            assert_eq!(first(line), Err(HeadError::RequestLine), "{line}");
        }
        assert_eq!(first("GET / HTTP/2.0"), Err(HeadError::Version));
        assert_eq!(with(" folded"), Err(HeadError::Folded));
        assert_eq!(with("A : b"), Err(HeadError::FieldName));
        assert_eq!(with("no colon"), Err(HeadError::FieldName));
        assert_eq!(with("A: b\u{0}"), Err(HeadError::FieldValue));
        assert_eq!(with("A: b\rc"), Err(HeadError::FieldValue));
        assert_eq!(with("Host: b"), Err(HeadError::Host));
        assert_eq!(check(b"GET / HTTP/1.1\r\nA: b\r\n\r\n", 9), Err(HeadError::Host));
        assert_eq!(check(b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n", 1), Err(HeadError::TooManyFields));
    }

    #[test]
    fn a_body_has_one_length() {
        for line in [
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: 1, 1",
            "Content-Length: +1",
            "Content-Length: 010",
            "Content-Length:",
            "Content-Length: 9999999999999999999",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: \u{b}chunked",
        ] {
            assert!(matches!(with(line), Err(HeadError::Framing | HeadError::FieldValue)), "{line}");
        }
        assert_eq!(
            check(b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 9),
            Err(HeadError::Framing)
        );
        assert_eq!(with("Expect: 200-ok"), Err(HeadError::Expectation));
    }

    #[test]
    fn the_end_is_found_wherever_the_reads_were_cut() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody\n";
        for cut in 0..27 {
            assert_eq!(end(&head[..cut], 0), Ok(None));
            assert_eq!(end(head, cut), Ok(Some(27)), "{cut}");
        }
        assert_eq!(end(b"GET / HTTP/1.1\nHost: a\n\n", 0), Err(HeadError::BareLineFeed));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, from in 0_usize..300) {
            let _ = end(&bytes, from);
            let _ = check(&bytes, 100);
        }
    }
}
