//! From a token's text to its parts, and from its parts to a verified signature.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::TokenError;
use super::header::Header;
use crate::identity::keys::Key;

/// An unverified JWS in compact serialization (RFC 7515 §7.1).
pub(super) struct UnverifiedJws<'a> {
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
    signature: Vec<u8>,
    signed: &'a str,
}

/// Without what is personal or secret.
impl fmt::Debug for UnverifiedJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedJws").finish_non_exhaustive()
    }
}

/// Evidence that a signature was verified; only `UnverifiedJws::verify` makes it.
#[derive(Debug)]
pub(super) struct Verified(());

/// The most bytes that a token may have.
pub(super) const LENGTH_LIMIT: usize = 16 * 1024;

impl<'a> UnverifiedJws<'a> {
    /// Takes a token apart. The engine refuses padding, white space, the other alphabet and trailing bits that
    /// are not zero, so that a token has one spelling only.
    pub(super) fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > LENGTH_LIMIT {
            return Err(TokenError::TooLong { limit: LENGTH_LIMIT });
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Structure)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Structure)?;
        if header.is_empty() || signature.is_empty() {
            return Err(TokenError::Structure);
        }
        Ok(Self {
            header: Header::parse(&decode(header)?)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
            signed,
        })
    }

    /// Verifies the signature with a key of the issuer.
    pub(super) fn verify(&self, key: &Key) -> Result<Verified, TokenError> {
        let verifier = key.verifier(self.header.algorithm).ok_or(TokenError::KeyAlgorithm)?;
        match verifier.verify_sig(self.signed.as_bytes(), &self.signature) {
            Ok(()) => Ok(Verified(())),
            Err(_) => Err(TokenError::Signature),
        }
    }
}

/// A fourth segment fails here too: the dot is not in the alphabet.
fn decode(segment: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| TokenError::Structure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::testing::Signer;

    #[test]
    fn a_signed_token_verifies_with_its_key_alone() {
        let signers = Signer::one_of_each();
        for signer in &signers {
            let token = signer.sign_text(r#"{"sub":"alice"}"#);
            let jws = UnverifiedJws::parse(&token).unwrap();
            assert!(jws.verify(&signer.key()).is_ok(), "{:?}", signer.algorithm());
            for other in signers.iter().filter(|other| other.kid() != signer.kid()) {
                assert_eq!(jws.verify(&other.key()).unwrap_err(), TokenError::KeyAlgorithm, "{:?}", other.algorithm());
            }
        }
        let token = Signer::es256("ec-1").sign_text("{}");
        let stranger = Signer::es256("ec-1").key();
        assert_eq!(UnverifiedJws::parse(&token).unwrap().verify(&stranger).unwrap_err(), TokenError::Signature);
    }

    #[test]
    fn a_token_has_one_spelling_only() {
        let signer = Signer::es256("ec-1");
        let good = signer.sign_text(r#"{"sub":"alice"}"#);
        let parts: Vec<&str> = good.split('.').collect();
        let (h, p, s) = (parts[0], parts[1], parts[2]);
        let bad = [
            String::new(),
            "..".to_owned(),
            format!("{good}.AAAA"),
            format!(".{good}"),
            format!("{good}."),
            format!("{h}.{p}"),
            format!("{h}.{p}."),
            format!(".{p}.{s}"),
            format!("{good}="),
            format!("{h}==.{p}.{s}"),
            format!("{h}. {p}.{s}"),
            format!("{h}.{p}\n.{s}"),
            format!("{h}%2e{p}%2e{s}"),
            format!("{good}\0"),
            format!("{good}\u{2028}"),
            format!("{h}.{p}.+{}", &s[1..]),
            format!("{h}.{p}.{}", non_canonical(s)),
        ];
        for token in bad {
            assert_eq!(UnverifiedJws::parse(&token).unwrap_err(), TokenError::Structure, "{token:?}");
        }
        let long = "A".repeat(LENGTH_LIMIT + 1);
        assert_eq!(UnverifiedJws::parse(&long).unwrap_err(), TokenError::TooLong { limit: LENGTH_LIMIT });
    }

    /// Sets an unused low bit of the last character of 64 bytes.
    fn non_canonical(signature: &str) -> String {
        let (rest, last) = signature.split_at(signature.len() - 1);
        let next = char::from(last.as_bytes()[0] + 1);
        format!("{rest}{next}")
    }
}
