//! From an `Admission` to a `Forward`: the one place that decides what an upstream is sent.

mod cookies;
mod error;
mod identity_headers;
mod ours;
mod plan;

pub use cookies::plants_ours;
pub use error::ForwardError;
pub use identity_headers::IdentityHeaders;
pub use ours::is_ours;
pub use plan::Forward;

/// Takes the gateway's own cookies out; a second time there are none.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz_cookies(bytes: &[u8]) {
    let Ok(value) = http::HeaderValue::from_bytes(bytes) else { return };
    let _ = plants_ours(&value);
    if let Some(kept) = cookies::without_ours(&value) {
        assert_eq!(cookies::without_ours(&kept).as_ref(), Some(&kept));
    }
}
