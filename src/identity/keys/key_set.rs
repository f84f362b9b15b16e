//! From the text of a JWKS to the keys that may verify tokens. Pure: a hostile set changes nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;

use super::Key;

/// The keys of an issuer that may verify its tokens, by `kid`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct KeySet(HashMap<String, Arc<Key>>);

/// Why a JWKS is refused as a whole; the keys that are known stay.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// Not a JSON object with a list `keys`.
    #[error("the key set is not JSON of the expected form")]
    Malformed(#[source] serde_json::Error),
    /// More keys than an issuer can need.
    #[error("the key set has {count} keys, more than {limit}")]
    TooMany {
        /// How many it has.
        count: usize,
        /// How many are taken.
        limit: usize,
    },
}

impl KeySet {
    /// Reads a JWKS (RFC 7517 §5). Keys that cannot or may not verify are left out, one by one; two different
    /// keys of one name are both left out, as nobody could say which one a token means.
    ///
    /// # Errors
    /// The whole set is refused where it is not a key set or too large.
    pub fn parse(text: &[u8], accepted: &[Algorithm]) -> Result<Self, KeySetError> {
        let document: Document = serde_json::from_slice(text).map_err(KeySetError::Malformed)?;
        let count = document.keys.len();
        if count > KEYS_LIMIT {
            return Err(KeySetError::TooMany { count, limit: KEYS_LIMIT });
        }
        let mut keys: HashMap<String, Option<Arc<Key>>> = HashMap::new();
        for key in document.keys.into_iter().filter_map(|value| usable(value, accepted)) {
            match keys.entry(key.kid().to_owned()) {
                Entry::Vacant(free) => {
                    free.insert(Some(Arc::new(key)));
                }
                Entry::Occupied(mut taken) => {
                    if taken.get().as_deref() != Some(&key) {
                        taken.insert(None);
                    }
                }
            }
        }
        Ok(Self(keys.into_iter().filter_map(|(kid, key)| Some((kid, key?))).collect()))
    }

    /// The key of that name.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Arc<Key>> {
        self.0.get(kid)
    }

    /// How many keys may verify.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key may verify.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

const KEYS_LIMIT: usize = 256;

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// One strange key must not break the set, so each is read for itself.
fn usable(value: Value, accepted: &[Algorithm]) -> Option<Key> {
    Key::from_jwk(&serde_json::from_value::<Jwk>(value).ok()?, accepted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::testing::{ALGORITHMS, Signer};

    fn parse(keys: &[Value]) -> KeySet {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), &ALGORITHMS).unwrap()
    }

    fn changed(jwk: &Value, name: &str, value: Value) -> Value {
        let mut jwk = jwk.clone();
        jwk[name] = value;
        jwk
    }

    #[test]
    fn good_keys_are_kept() {
        let signers = Signer::one_of_each();
        let keys: Vec<Value> = signers.iter().map(Signer::jwk).collect();
        let set = parse(&keys);
        assert_eq!(set.len(), signers.len());
        for signer in signers {
            let key = set.find(signer.kid()).unwrap();
            assert!(key.verifier(signer.algorithm()).is_some());
        }
    }

    #[test]
    fn keys_for_another_use_are_left_out() {
        let rsa = Signer::rs256("rsa-1").jwk();
        let ec = Signer::es256("ec-1").jwk();
        for bad in [
            changed(&rsa, "use", json!("enc")),
            changed(&rsa, "use", json!("other")),
            changed(&rsa, "key_ops", json!(["encrypt"])),
            changed(&rsa, "key_ops", json!(["sign, verify"])),
            changed(&rsa, "alg", json!("RSA-OAEP")),
            changed(&rsa, "alg", json!("HS256")),
            changed(&rsa, "alg", json!("ES256")),
            changed(&rsa, "alg", json!("RS1")),
            changed(&rsa, "kty", json!("oct")),
            changed(&rsa, "kty", json!("EC")),
            changed(&rsa, "kid", json!("")),
            changed(&rsa, "kid", json!(null)),
            changed(&rsa, "kid", json!(7)),
            changed(&rsa, "e", json!("AQ")),
            changed(&rsa, "e", json!("Ag")),
            changed(&rsa, "e", json!("AAAA")),
            changed(&rsa, "e", json!("AQAAAAE")),
            changed(&rsa, "n", json!("")),
            changed(&rsa, "n", json!("AQAB")),
            changed(&ec, "alg", json!("ES384")),
            changed(&ec, "crv", json!("P-384")),
            changed(&ec, "crv", json!("secp256k1")),
            changed(&ec, "y", json!("AAAA")),
            changed(&ec, "x", ec["y"].clone()),
            json!({"kty": "oct", "kid": "oct-1", "k": "AAAA", "alg": "HS256", "use": "sig"}),
            json!({"kty": "oct", "kid": "oct-1", "k": "AAAA"}),
            json!(null),
            json!("RSA"),
            json!([]),
            json!({}),
        ] {
            assert!(parse(std::slice::from_ref(&bad)).is_empty(), "{bad}");
            assert_eq!(parse(&[bad, Signer::es256("good").jwk()]).len(), 1);
        }
    }

    #[test]
    fn an_algorithm_that_is_not_accepted_has_no_key() {
        let rsa = Signer::rs256("rsa-1");
        let text = json!({ "keys": [rsa.jwk()] }).to_string();
        assert!(KeySet::parse(text.as_bytes(), &[Algorithm::ES256]).unwrap().is_empty());
    }

    #[test]
    fn a_key_without_alg_serves_the_accepted_algorithms_of_its_type() {
        let mut jwk = Signer::rs256("rsa-1").jwk();
        jwk.as_object_mut().unwrap().remove("alg");
        let set = parse(&[jwk]);
        let key = set.find("rsa-1").unwrap();
        assert!(key.verifier(Algorithm::RS256).is_some() && key.verifier(Algorithm::PS256).is_some());
        assert!(key.verifier(Algorithm::ES256).is_none() && key.verifier(Algorithm::HS256).is_none());
    }

    #[test]
    fn one_name_for_two_keys_serves_neither() {
        let (one, two) = (Signer::rs256("same").jwk(), Signer::es256("same").jwk());
        assert!(parse(&[one.clone(), two.clone()]).is_empty());
        assert!(parse(&[one.clone(), two, one.clone()]).is_empty());
        assert_eq!(parse(&[one.clone(), one]).len(), 1);
    }

    #[test]
    fn certificates_are_not_looked_at() {
        let rsa = Signer::rs256("rsa-1").jwk();
        assert_eq!(parse(&[changed(&rsa, "x5c", json!(["MIIB"]))]).len(), 1);
    }

    #[test]
    fn what_is_no_key_set_is_refused() {
        for text in
            ["", "<html>", "[]", "{}", r#"{"keys":null}"#, r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":["#]
        {
            assert!(matches!(KeySet::parse(text.as_bytes(), &ALGORITHMS), Err(KeySetError::Malformed(_))), "{text}");
        }
        let many = json!({ "keys": vec![json!({}); 257] }).to_string();
        let result = KeySet::parse(many.as_bytes(), &ALGORITHMS);
        assert!(matches!(result, Err(KeySetError::TooMany { count: 257, .. })));
    }
}
