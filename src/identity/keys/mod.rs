//! From an issuer's JWKS to keys that verify its tokens, kept fresh in the background.

mod issuer_keys;
mod key;
mod key_set;
mod metrics;
mod pace;
mod refresher;
mod source;

pub use issuer_keys::{IssuerKeys, KeyError};
pub use key::Key;
pub use key_set::{KeySet, KeySetError};
pub use metrics::KeysMetrics;
pub use pace::Pace;
pub use source::{FetchError, KeySource};
