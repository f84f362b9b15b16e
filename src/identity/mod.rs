//! From a credential to an `Identity`: the one place that makes identities.

mod identities;
mod keys;
mod proven;
mod subject;
mod token;

pub use identities::{Identities, ProveError};
pub use keys::{FetchError, IssuerKeys, Key, KeyError, KeySet, KeySetError, KeySource, KeysMetrics, Pace};
pub use proven::{Identity, Profile};
pub use subject::Subject;
#[cfg(any(test, fuzzing))]
pub(crate) use token::fuzz_token;
pub use token::{TokenError, TokenMetrics};

#[cfg(test)]
pub(crate) mod testing;
