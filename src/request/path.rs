//! The one path that is judged and sent: canonical as it came, or refused.

use std::fmt;
use std::sync::Arc;

/// An absolute path that can be read in one way only. Nothing is ever rewritten: what a lenient reader could
/// understand otherwise (dot segments, empty segments, encoded letters, double encoding, path parameters,
/// backslashes, control characters) is an error.
///
/// The hexadecimal digits of an escape may be of either case; patterns compare them without case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CanonicalPath {
    text: Arc<str>,
    encoded_slash: bool,
}

/// Why a path is not canonical.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It does not begin with a slash.
    #[error("the path does not begin with '/'")]
    NotAbsolute,
    /// Longer than [`CanonicalPath::MAX_BYTES`].
    #[error("the path is longer than 8192 bytes")]
    TooLong,
    /// A byte that RFC 3986 §3.3 does not allow raw, or `;`.
    #[error("the path holds the byte {0:#04x}, which has no place in a path")]
    Byte(u8),
    /// `%` without two hexadecimal digits.
    #[error("the path holds a broken percent escape")]
    BrokenEscape,
    /// An escape of a character that needs none, that readers drop, or that hides another escape.
    #[error("the path holds the escape of the byte {0:#04x}, which can be read in more than one way")]
    Escape(u8),
    /// The escapes do not spell UTF-8.
    #[error("the escapes of the path are not UTF-8")]
    NotUtf8,
    /// `.` or `..` as a segment, also behind an encoded slash.
    #[error("the path holds a dot segment")]
    DotSegment,
    /// `//`.
    #[error("the path holds an empty segment")]
    EmptySegment,
}

impl CanonicalPath {
    /// The longest path that is read.
    pub const MAX_BYTES: usize = 8192;

    /// Reads a path, without its query.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let rest = text.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
        if text.len() > Self::MAX_BYTES {
            return Err(PathError::TooLong);
        }
        let encoded_slash = check_characters(text.as_bytes())?;
        let mut segments = rest.split('/').peekable();
        while let Some(segment) = segments.next() {
            check_segment(segment, segments.peek().is_none())?;
        }
        Ok(Self { text: text.into(), encoded_slash })
    }

    /// The path as it came and as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same, shared.
    #[must_use]
    pub fn shared(&self) -> &Arc<str> {
        &self.text
    }

    /// The segments between the slashes; a trailing slash gives an empty last one, the root a single empty one.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.text.split('/').skip(1)
    }

    /// Whether a segment holds `%2F`, which only routes with `encoded_slash = true` carry.
    #[must_use]
    pub fn has_encoded_slash(&self) -> bool {
        self.encoded_slash
    }
}

impl fmt::Display for CanonicalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for CanonicalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// Whether an encoded slash was seen.
fn check_characters(path: &[u8]) -> Result<bool, PathError> {
    if !path.contains(&b'%') {
        let wrong = path.iter().find(|byte| !is_raw(**byte));
        return wrong.map_or(Ok(false), |byte| Err(PathError::Byte(*byte)));
    }
    let mut encoded_slash = false;
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'%' {
            if !is_raw(byte) {
                return Err(PathError::Byte(byte));
            }
            decoded.push(byte);
            continue;
        }
        let byte = unescape(bytes.next(), bytes.next())?;
        let hides_escape = byte == b'%' && hexadecimal(bytes.as_slice().first()).is_some();
        if hides_escape || is_ambiguous(byte) {
            return Err(PathError::Escape(byte));
        }
        encoded_slash |= byte == b'/';
        decoded.push(byte);
    }
    std::str::from_utf8(&decoded).map_err(|_| PathError::NotUtf8)?;
    Ok(encoded_slash)
}

/// `pchar` of RFC 3986 §3.3 and `/`, without `;`: some servers cut path parameters off before they route.
fn is_raw(byte: u8) -> bool {
    // RFC 3986 `pchar` without `;`, and the slash.
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'$' | b'&'..=b'/' | b':' | b'=' | b'@' | b'_' | b'~')
}

/// Escapes that one reader decodes and another does not, so that they would see different paths: unreserved
/// characters (RFC 3986 §2.3), controls, backslash, and the semicolon of path parameters.
fn is_ambiguous(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_control() || b"-._~\\;".contains(&byte)
}

fn unescape(high: Option<&u8>, low: Option<&u8>) -> Result<u8, PathError> {
    match (hexadecimal(high), hexadecimal(low)) {
        (Some(high), Some(low)) => Ok(high << 4 | low),
        _ => Err(PathError::BrokenEscape),
    }
}

fn hexadecimal(digit: Option<&u8>) -> Option<u8> {
    match *digit? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Dots are looked for behind encoded slashes too: an upstream may decode them.
fn check_segment(segment: &str, last: bool) -> Result<(), PathError> {
    if segment.is_empty() && !last {
        return Err(PathError::EmptySegment);
    }
    let is_dots = |part: &str| part == "." || part == "..";
    let dots =
        if segment.contains('%') { segment.replace("%2f", "%2F").split("%2F").any(is_dots) } else { is_dots(segment) };
    if dots { Err(PathError::DotSegment) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> PathError {
        CanonicalPath::parse(text).unwrap_err()
    }

    #[test]
    fn ordinary_paths_pass_as_they_came() {
        for text in [
            "/",
            "/a",
            "/a/",
            "/a/b.css",
            "/a%20b",
            "/caf%C3%A9",
            "/caf%c3%a9",
            "/@me/a:b,c=d",
            "/100%25",
            "/...",
            "/a..b/.well-known",
        ] {
            assert_eq!(CanonicalPath::parse(text).map(|path| path.as_str().to_owned()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        assert_eq!(error(""), PathError::NotAbsolute);
        assert_eq!(error("admin"), PathError::NotAbsolute);
        assert_eq!(error("//admin"), PathError::EmptySegment);
        assert_eq!(error("/a//b"), PathError::EmptySegment);
        assert_eq!(error("/public/../admin"), PathError::DotSegment);
        assert_eq!(error("/admin/."), PathError::DotSegment);
        assert_eq!(error("/public/%2e%2e/admin"), PathError::Escape(b'.'));
        assert_eq!(error("/public/..%2fadmin"), PathError::DotSegment);
        assert_eq!(error("/public/%252e"), PathError::Escape(b'%'));
        assert_eq!(error("/%61dmin"), PathError::Escape(b'a'));
        assert_eq!(error("/public/..;/admin"), PathError::Byte(b';'));
        assert_eq!(error("/public/..%3b/admin"), PathError::Escape(b';'));
        assert_eq!(error("/public/..\\admin"), PathError::Byte(b'\\'));
        assert_eq!(error("/public/..%5cadmin"), PathError::Escape(b'\\'));
        assert_eq!(error("/a%00"), PathError::Escape(0));
        assert_eq!(error("/a%7f"), PathError::Escape(0x7f));
        assert_eq!(error("/%c0%ae%c0%ae/admin"), PathError::NotUtf8);
        assert_eq!(error("/%zz"), PathError::BrokenEscape);
        assert_eq!(error("/a%"), PathError::BrokenEscape);
        assert_eq!(error("/caf\u{e9}"), PathError::Byte(0xc3));
        assert_eq!(error("/a b"), PathError::Byte(b' '));
        assert_eq!(error("/a#b"), PathError::Byte(b'#'));
        assert_eq!(error(&format!("/{}", "a".repeat(8192))), PathError::TooLong);
    }

    #[test]
    fn an_encoded_slash_is_noticed() {
        let path = CanonicalPath::parse("/files/a%2fb").unwrap();
        assert!(path.has_encoded_slash());
        assert!(!CanonicalPath::parse("/files/a/b").unwrap().has_encoded_slash());
    }

    proptest! {
        /// Decoding an accepted path once more, or twice, finds no new structure.
        #[test]
        fn decoding_an_accepted_path_never_finds_a_dot_segment(text in "/([a-c./%;2eEfF5\\\\]|%2[eEfF]|%25){0,12}") {
            if let Ok(path) = CanonicalPath::parse(&text) {
                let mut decoded = path.as_str().to_owned();
                for _ in 0..3 {
                    decoded = percent_encoding::percent_decode_str(&decoded).decode_utf8().unwrap().replace('\\', "/");
                    prop_assert!(!decoded.split('/').any(|segment| segment == "." || segment == ".."), "{decoded}");
                }
            }
        }
    }
}
