//! Keeps the gateway's own cookies between the gateway and the browser.

use http::HeaderValue;

/// A `Cookie` value without the gateway's cookies; nothing where none is left. Works on bytes: a value that is no
/// text carries cookies as well.
#[must_use]
pub(super) fn without_ours(value: &HeaderValue) -> Option<HeaderValue> {
    let pairs = || value.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    if !pairs().any(is_ours) {
        return Some(value.clone());
    }
    let kept: Vec<&[u8]> = pairs().filter(|pair| !pair.is_empty() && !is_ours(pair)).collect();
    if kept.is_empty() { None } else { HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok() }
}

/// Whether a `Set-Cookie` of an upstream would plant one of the gateway's cookies.
#[must_use]
pub fn plants_ours(value: &HeaderValue) -> bool {
    is_ours(value.as_bytes())
}

/// Whether a cookie is the gateway's: the session, and the log-in attempts. A cookie without a name is sent back as
/// its value, so what stands before the name does not count.
fn is_ours(pair: &[u8]) -> bool {
    let start = pair.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b'=').unwrap_or(pair.len());
    let name = pair.get(start..).unwrap_or_default();
    name.starts_with(b"__Host-doorward") || name.starts_with(b"__Host-dw-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_cookie_is_taken_out_and_others_stay() {
        let value = HeaderValue::from_static("__Host-doorward=secret; app=1;  __Host-dw-login-x=2; b=__Host-doorward");
        assert_eq!(without_ours(&value).unwrap(), "app=1; b=__Host-doorward");
        assert!(without_ours(&HeaderValue::from_static("__Host-doorward=secret")).is_none());
    }

    #[test]
    fn a_value_that_is_no_text_hides_no_session() {
        let value = HeaderValue::from_bytes(b"__Host-doorward=secret; x=\xff").unwrap();
        assert_eq!(without_ours(&value).unwrap().as_bytes(), b"x=\xff");
    }

    #[test]
    fn an_upstream_cannot_plant_a_session() {
        for planted in [
            "__Host-doorward=evil; Path=/; Secure",
            "=__Host-doorward=evil",
            " = __Host-dw-login-x=1",
            "__Host-doorward",
        ] {
            assert!(plants_ours(&HeaderValue::from_static(planted)), "{planted}");
        }
        assert!(!plants_ours(&HeaderValue::from_static("app=1")));
    }
}
