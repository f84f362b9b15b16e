//! From a bearer token to the identity that it proves.

mod cache;
mod claims;
mod error;
mod fingerprint;
mod header;
mod json;
mod jws;
mod metrics;
mod roles;
mod statement;
mod verifier;

pub(in crate::identity) use cache::{Proof, ProofCache};
pub use error::TokenError;
pub use metrics::TokenMetrics;
pub(in crate::identity) use statement::UnprovenStatement;
pub use statement::{Action, LogoutToken, Order};
pub(in crate::identity) use verifier::Verifier;

#[cfg(any(test, fuzzing))]
mod fuzz;
#[cfg(any(test, fuzzing))]
pub(crate) use fuzz::fuzz_token;
#[cfg(test)]
mod wycheproof_tests;
