//! Panics where a test asks for them. No other build has any of this: nobody who sends a request can cause one.

use pingora::proxy::Session;

/// The field of a request that names the places.
pub(crate) const FIELD: &str = "panic-in";

/// Panics where the request asks for it, at places with commas between.
pub(crate) fn strike(place: &str, asked: &str) {
    assert!(!asked.split(',').any(|asked| asked == place), "on purpose: {place}");
}

/// The same in a hook of Pingora; a plus behind its name asks for it once the client has some of the body.
pub(crate) fn strike_hook(hook: &str, session: &Session) {
    let asked = session.get_header(FIELD).and_then(|asked| asked.to_str().ok()).unwrap_or_default();
    strike(hook, asked);
    if session.body_bytes_sent() > 0 {
        strike(&format!("{hook}+"), asked);
    }
}

/// The same where a head is still bytes.
pub(crate) fn strike_head(place: &str, head: &[u8]) {
    let text = String::from_utf8_lossy(head);
    let asked = text.lines().find_map(|line| line.strip_prefix(FIELD)?.strip_prefix(": "));
    strike(place, asked.unwrap_or_default());
}
