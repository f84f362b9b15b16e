//! First sight of bytes: limits, deadlines, raw heads. It refuses or passes, and never rewrites.

mod chunks;
mod farewell;
mod frames;
mod guarded;
mod head;
mod http1;
mod http2;
mod places;
mod refusal;
mod tls;
mod wire;

pub use guarded::{Entrance, Guarded, House, Limits};
pub use head::HeadError;
pub use tls::{Certificate, CertificateError, Certificates, Names};

/// Whether the listener lets a head of HTTP/1.1 in; its limits are not looked at.
pub fn check_head(head: &[u8]) -> Result<(), HeadError> {
    head::check(head, usize::MAX).map(drop)
}

/// Reads a head and the beginning of a chunked body; what passes has one host and at most one framing.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz_head(bytes: &[u8]) {
    let Ok(Some(end)) = head::end(bytes, 0) else { return };
    let Some((read, body)) = bytes.split_at_checked(end) else { return };
    let Ok(framing) = head::check(read, 100) else { return };
    let text = String::from_utf8_lossy(read).to_ascii_lowercase();
    let count = |name: &str| text.split("\r\n").filter(|line| line.starts_with(name)).count();
    assert_eq!(count("host:"), 1);
    assert!(count("content-length:") + count("transfer-encoding:") <= 1);
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']));
    if framing == head::Body::Chunked {
        let (first, second) = body.split_at(body.len() / 2);
        let (mut whole, mut halves) = (chunks::Chunks::default(), chunks::Chunks::default());
        let (whole, halves) = (whole.follow(body), halves.follow(first).and_then(|()| halves.follow(second)));
        assert_eq!(whole.is_ok(), halves.is_ok());
    }
}
