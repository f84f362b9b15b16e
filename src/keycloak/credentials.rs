//! What the gateway shows at the token endpoint.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

/// The gateway's own client and its secret; the secret is never printed.
#[derive(Clone)]
pub struct ClientCredentials {
    pub(super) id: String,
    pub(super) secret: String,
}

impl ClientCredentials {
    /// A confidential client.
    #[must_use]
    pub fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: secret.to_owned() }
    }

    /// The client's name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether these are the same; takes as long wherever they differ.
    #[must_use]
    pub fn are(&self, id: &str, secret: &str) -> bool {
        let same = |ours: &str, given: &str| {
            // Digests, so that the lengths are the same too.
            let [ours, given] = [ours, given].map(|text| digest(&SHA256, text.as_bytes()));
            verify_slices_are_equal(ours.as_ref(), given.as_ref()).is_ok()
        };
        // Both are compared in any case.
        same(&self.id, id) & same(&self.secret, secret)
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_client_with_the_same_secret_is_the_same() {
        let ours = ClientCredentials::new("doorward", "secret");
        assert!(ours.are("doorward", "secret"));
        for (id, secret) in [("doorward", "secre"), ("doorward", ""), ("Doorward", "secret"), ("", "secret")] {
            assert!(!ours.are(id, secret), "{id} {secret}");
        }
    }
}
