//! From an `Identity` to a `Principal`: the one place that makes principals.

mod account;
mod account_headers;
mod catalogue;
mod directory;
mod entitlement;
mod epoch;
mod error;
mod principal;

pub use account::Account;
pub use account_headers::AccountHeaders;
pub use catalogue::Catalogue;
pub use directory::{Directory, KEEP_AT_MOST};
pub use entitlement::Entitlement;
pub use epoch::Epoch;
pub use error::EnrichError;
pub use principal::Principal;
