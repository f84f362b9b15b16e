//! Which paths a route is for.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::request::{CanonicalPath, PathError};

/// A path, or a prefix of whole segments: `/admin/*` takes `/admin`, `/admin/` and everything below. A segment
/// `{name}` takes any one segment that is not empty.
///
/// Segments are compared by the bytes that their escapes spell: `/%40me` and `/@me` are one path to an upstream
/// that decodes, so they are one path to the rules.
#[derive(Clone)]
pub struct PathPattern {
    text: String,
    segments: Vec<Segment>,
    rest: bool,
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// The decoded bytes.
    Literal(Box<[u8]>),
    /// `{name}`; the name is for people.
    Parameter,
}

/// Why a path pattern is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathPatternError {
    /// `*` somewhere else than as the last segment.
    #[error("'*' can only be the whole last segment, as in \"/admin/*\"")]
    Wildcard,
    /// Braces that are not a whole segment `{name}`, or one name twice.
    #[error("a parameter is a whole segment in braces with a name of its own, as in \"/users/{{id}}\"")]
    Parameter,
    /// No request with this path would ever come so far.
    #[error("{0}: no such request is ever let in")]
    Path(#[from] PathError),
}

impl PathPattern {
    /// Reads `/a/b`, `/a/*` or `/a/{name}/b`.
    pub fn parse(text: &str) -> Result<Self, PathPatternError> {
        let (path, rest) = text.strip_suffix("/*").map_or((text, false), |path| (path, true));
        let mut names = Vec::new();
        let mut plain = String::with_capacity(text.len());
        let mut segments = Vec::new();
        for part in path.split('/').skip(1) {
            plain.push('/');
            match parameter(part)? {
                Some(name) if names.contains(&name) => return Err(PathPatternError::Parameter),
                Some(name) => {
                    names.push(name);
                    plain.push('x');
                    segments.push(Segment::Parameter);
                }
                None => {
                    plain.push_str(part);
                    segments.push(literal(part)?);
                }
            }
        }
        check(path, &plain, rest)?;
        Ok(Self { text: text.to_owned(), segments, rest })
    }

    /// Whether the pattern takes this path.
    #[must_use]
    pub fn matches(&self, path: &CanonicalPath) -> bool {
        let mut segments = path.segments();
        let begins = self.segments.iter().all(|own| segments.next().is_some_and(|segment| own.takes(segment)));
        begins && (self.rest || segments.next().is_none())
    }

    /// Whether the pattern takes whatever lies below it.
    #[must_use]
    pub fn is_prefix(&self) -> bool {
        self.rest
    }

    /// Whether an encoded slash stands in it.
    #[must_use]
    pub fn has_encoded_slash(&self) -> bool {
        self.segments.iter().any(|segment| matches!(segment, Segment::Literal(bytes) if bytes.contains(&b'/')))
    }

    /// Whether both take exactly the same paths.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.rest == other.rest && self.segments == other.segments
    }

    /// Whether the pattern begins with the segments of the other, all of them.
    #[must_use]
    pub fn begins_with(&self, other: &Self) -> bool {
        self.segments.starts_with(&other.segments)
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

impl Segment {
    fn takes(&self, segment: &str) -> bool {
        match self {
            Self::Literal(bytes) => percent_decode_str(segment).eq(bytes.iter().copied()),
            Self::Parameter => !segment.is_empty(),
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// The name between the braces, where the segment is a parameter.
fn parameter(part: &str) -> Result<Option<&str>, PathPatternError> {
    let inner = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match inner {
        Some(name) if is_name(name) => Ok(Some(name)),
        None if !part.contains(['{', '}']) => Ok(None),
        _ => Err(PathPatternError::Parameter),
    }
}

fn literal(part: &str) -> Result<Segment, PathPatternError> {
    if part.contains('*') {
        return Err(PathPatternError::Wildcard);
    }
    Ok(Segment::Literal(percent_decode_str(part).collect()))
}

/// A pattern that no canonical path can equal is a mistake. Before `/*` stands a path without a trailing slash, or
/// nothing.
fn check(path: &str, plain: &str, rest: bool) -> Result<(), PathPatternError> {
    if rest && path.ends_with('/') {
        return Err(PathError::EmptySegment.into());
    }
    if rest && path.is_empty() {
        return Ok(());
    }
    if !path.starts_with('/') {
        return Err(PathError::NotAbsolute.into());
    }
    CanonicalPath::parse(plain)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern).unwrap().matches(&CanonicalPath::parse(path).unwrap())
    }

    #[test]
    fn a_path_takes_itself_only() {
        assert!(takes("/admin", "/admin"));
        assert!(!takes("/admin", "/admin/"));
        assert!(!takes("/admin", "/admin/x"));
        assert!(!takes("/admin", "/Admin"));
        assert!(takes("/", "/"));
        assert!(!takes("/", "/a"));
    }

    #[test]
    fn a_prefix_takes_whole_segments() {
        for path in ["/admin", "/admin/", "/admin/x", "/admin/x/"] {
            assert!(takes("/admin/*", path), "{path}");
        }
        assert!(!takes("/admin/*", "/administrator"));
        assert!(!takes("/admin/*", "/"));
        assert!(takes("/*", "/"));
        assert!(takes("/*", "/a/b"));
    }

    #[test]
    fn a_parameter_takes_one_segment_that_is_not_empty() {
        assert!(takes("/users/{id}", "/users/7"));
        assert!(!takes("/users/{id}", "/users/"));
        assert!(!takes("/users/{id}", "/users/7/roles"));
        assert!(takes("/users/{id}/*", "/users/7/roles"));
    }

    #[test]
    fn escapes_are_compared_by_what_they_spell() {
        assert!(takes("/caf%C3%A9", "/caf%c3%a9"));
        assert!(takes("/@me/*", "/%40me"));
        assert!(takes("/%40me", "/@me"));
        assert!(!takes("/a/b", "/a%2Fb"));
    }

    #[test]
    fn what_can_match_nothing_is_refused() {
        let error = |text| PathPattern::parse(text).unwrap_err();
        for text in ["/a*", "/*/a", "/a/**", "/a/*.js"] {
            assert_eq!(error(text), PathPatternError::Wildcard, "{text}");
        }
        for text in ["/{}", "/a{b}", "/{b", "/{A}", "/{a}/{a}"] {
            assert_eq!(error(text), PathPatternError::Parameter, "{text}");
        }
        for text in ["", "*", "admin", "admin/*"] {
            assert_eq!(error(text).to_string().split(':').next(), Some("the path does not begin with '/'"), "{text}");
        }
        for text in ["//", "/a//b", "/a//*", "//*"] {
            assert_eq!(error(text), PathPatternError::Path(PathError::EmptySegment), "{text}");
        }
        assert_eq!(error("/a/../b"), PathPatternError::Path(PathError::DotSegment));
        assert_eq!(error("/a?b"), PathPatternError::Path(PathError::Byte(b'?')));
    }
}
