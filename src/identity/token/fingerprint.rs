//! By what a token that was proven before is found again.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;

use super::jws::LENGTH_LIMIT;

/// The fingerprint of a whole token. The signature is part of it: another signature over the same claims is another
/// token, and is verified itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::identity) struct Fingerprint([u8; 16]);

/// Makes fingerprints: a universal hash under a key that is drawn when it begins and leaves it never, so that nobody can
/// look for two tokens with the same one (`docs/decisions/0027-tokens-by-a-keyed-fingerprint.md`).
pub(super) struct Fingerprints {
    /// Missing where the system had no random numbers: then there are no fingerprints, and every token is verified.
    key: Option<LessSafeKey>,
}

impl Fingerprints {
    pub(super) fn new() -> Self {
        let mut secret = [0; 32];
        let key = rand::fill(&mut secret).and_then(|()| UnboundKey::new(&AES_256_GCM, &secret));
        Self { key: key.ok().map(LessSafeKey::new) }
    }

    /// Nothing where the token is longer than any that is accepted.
    pub(super) fn of(&self, token: &str) -> Option<Fingerprint> {
        let key = self.key.as_ref().filter(|_| token.len() <= LENGTH_LIMIT)?;
        // The token is what GCM authenticates; it encrypts nothing. One nonce for all, since no tag is ever shown: it
        // hides the same number behind each of them, and equal stays equal.
        let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key([0; 12]), Aad::from(token), &mut []);
        tag.ok()?.as_ref().try_into().ok().map(Fingerprint)
    }
}

/// Without the key.
impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprints").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_byte_and_the_length_count() {
        let prints = Fingerprints::new();
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl".repeat(20);
        let of = |token: &str| prints.of(token).unwrap().0;
        assert_eq!(of(&token), of(&token.clone()));
        let mut all = HashSet::from([of(&token)]);
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] ^= 1;
            assert!(all.insert(of(std::str::from_utf8(&other).unwrap())), "byte {at}");
            assert!(all.insert(of(&token[..at])), "the first {at}");
        }
        // What fills up the last block is not taken for a part of the token.
        assert!(all.insert(of(&format!("{token}\0"))));
    }

    #[test]
    fn another_key_gives_another_one_and_a_long_token_has_none() {
        let [one, other] = [(); 2].map(|()| Fingerprints::new());
        assert_ne!(one.of("a.b.c").unwrap().0, other.of("a.b.c").unwrap().0);
        assert!(one.of(&"a".repeat(LENGTH_LIMIT)).is_some() && one.of(&"a".repeat(LENGTH_LIMIT + 1)).is_none());
    }
}
