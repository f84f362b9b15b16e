//! Keeps the gateway's own cookies between the gateway and the browser.

use http::HeaderValue;

/// Whether a cookie is the gateway's: the session, and the log-in attempts.
fn is_ours(name: &str) -> bool {
    name.starts_with("__Host-doorward") || name.starts_with("__Host-dw-")
}

/// A `Cookie` value without the gateway's cookies; nothing where none is left.
#[must_use]
pub(super) fn without_ours(value: &HeaderValue) -> Option<HeaderValue> {
    let Ok(text) = std::str::from_utf8(value.as_bytes()) else { return Some(value.clone()) };
    if !text.contains("__Host-d") {
        return Some(value.clone());
    }
    let kept: Vec<&str> = text
        .split(';')
        .map(str::trim)
        .filter(|pair| !is_ours(pair.split('=').next().unwrap_or_default().trim()))
        .filter(|pair| !pair.is_empty())
        .collect();
    if kept.is_empty() { None } else { HeaderValue::try_from(kept.join("; ")).ok() }
}

/// Whether a `Set-Cookie` of an upstream would plant one of the gateway's cookies.
#[must_use]
pub fn plants_ours(value: &HeaderValue) -> bool {
    let name = value.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default();
    std::str::from_utf8(name.trim_ascii()).is_ok_and(is_ours)
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
    fn an_upstream_cannot_plant_a_session() {
        assert!(plants_ours(&HeaderValue::from_static("__Host-doorward=evil; Path=/; Secure")));
        assert!(!plants_ours(&HeaderValue::from_static("app=1")));
    }
}
