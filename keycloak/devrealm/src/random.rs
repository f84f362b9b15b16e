//! The one place where the realm takes random bytes for ids that Keycloak does not write as UUIDs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// A session id as Keycloak 26.5 and later make it: 24 characters of base64url, not a UUID.
pub(crate) fn session_id() -> String {
    text(18)
}

/// An unguessable text of `size_bytes` random bytes.
pub(crate) fn text(size_bytes: usize) -> String {
    URL_SAFE_NO_PAD.encode(bytes(size_bytes))
}

/// Random bytes, drawn through the UUID crate: 14 whole bytes of each are random.
pub(crate) fn bytes(size: usize) -> Vec<u8> {
    let draws = std::iter::repeat_with(|| Uuid::new_v4().into_bytes());
    draws
        .flat_map(|bytes| bytes.into_iter().enumerate().filter(|(at, _)| !FIXED.contains(at)).map(|(_, byte)| byte))
        .take(size)
        .collect()
}

/// A UUID as text.
pub(crate) fn uuid() -> String {
    Uuid::new_v4().to_string()
}

/// The bytes of a UUID that hold its version and variant.
const FIXED: [usize; 2] = [6, 8];

#[cfg(test)]
mod tests {
    #[test]
    fn a_session_id_has_24_characters_and_comes_once() {
        let (one, other) = (super::session_id(), super::session_id());
        assert_eq!(one.len(), 24);
        assert_ne!(one, other);
    }
}
