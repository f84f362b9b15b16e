//! The realm's keys: what signs, what is published, and how a test changes both while the realm runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::error::Error;
use crate::jws::{self, Unverified};
use crate::random;
use crate::signing_key::SigningKey;

/// The keys of a running realm; the newest enabled one signs.
#[derive(Debug)]
pub struct Keys {
    ring: Mutex<Vec<Held>>,
    refresh: hmac::Key,
    refresh_kid: String,
}

#[derive(Debug)]
struct Held {
    key: SigningKey,
    enabled: bool,
}

impl Keys {
    /// Makes the first signing key and the secret of the refresh tokens.
    pub(crate) fn generate() -> Result<Self, Error> {
        let first = Held { key: SigningKey::generate()?, enabled: true };
        Ok(Self {
            ring: Mutex::new(vec![first]),
            refresh: hmac::Key::new(hmac::HMAC_SHA512, &random::bytes(64)),
            refresh_kid: random::uuid(),
        })
    }

    /// Adds a key that signs from now on, keeps the old ones published, and says the new `kid`.
    pub fn rotate(&self) -> Result<String, Error> {
        let key = SigningKey::generate()?;
        let kid = key.kid().to_owned();
        self.ring().insert(0, Held { key, enabled: true });
        Ok(kid)
    }

    /// Takes a key out of use: it is published no more and its tokens are dead. Whether there is such a key.
    pub fn disable(&self, kid: &str) -> bool {
        self.switch(kid, false)
    }

    /// Puts a disabled key back into use. Whether there is such a key.
    pub fn enable(&self, kid: &str) -> bool {
        self.switch(kid, true)
    }

    /// The `kid` of the key that signs now.
    pub fn current(&self) -> String {
        current(&self.ring()).map(|key| key.kid().to_owned()).unwrap_or_default()
    }

    /// The `kid`s of the published signing keys, newest first.
    pub fn published(&self) -> Vec<String> {
        self.ring().iter().filter(|held| held.enabled).map(|held| held.key.kid().to_owned()).collect()
    }

    /// The document that `certs` answers with: the signing keys and one key for encryption, as Keycloak has.
    pub fn jwks(&self) -> Value {
        let ring = self.ring();
        let signing = ring.iter().filter(|held| held.enabled).map(|held| held.key.jwk());
        let keys = signing.chain([encryption_jwk()]).collect::<Vec<_>>();
        json!({ "keys": keys })
    }

    /// Signs claims under a header; `alg` and `kid` are added where the header lacks them, left out where it says null.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let ring = self.ring();
        let Some(key) = current(&ring) else { return jws::encode(header, claims, |_| Vec::new()) };
        let mut header = header.clone();
        if let Some(fields) = header.as_object_mut() {
            fields.entry("alg").or_insert_with(|| "RS256".into());
            fields.entry("kid").or_insert_with(|| key.kid().into());
            fields.retain(|_, value| !value.is_null());
        }
        jws::encode(&header, claims, |message| key.sign(message))
    }

    /// Signs a refresh token: HS512 with a secret that is never published.
    pub(crate) fn sign_refresh(&self, claims: &Value) -> String {
        let header = json!({ "alg": "HS512", "typ": "JWT", "kid": self.refresh_kid });
        jws::encode(&header, claims, |message| hmac::sign(&self.refresh, message).as_ref().to_vec())
    }

    /// Whether an enabled key signed this token.
    pub(crate) fn signed(&self, token: &Unverified<'_>) -> bool {
        let named = |name: &str| token.header.get(name).and_then(Value::as_str);
        let ring = self.ring();
        let key = ring.iter().filter(|held| held.enabled).find(|held| named("kid") == Some(held.key.kid()));
        let verified = key.is_some_and(|held| held.key.verify(token.signed.as_bytes(), &token.signature));
        named("alg") == Some("RS256") && verified
    }

    /// Whether the secret of the refresh tokens signed this token.
    pub(crate) fn signed_refresh(&self, token: &Unverified<'_>) -> bool {
        let hs512 = token.header.get("alg").and_then(Value::as_str) == Some("HS512");
        hs512 && hmac::verify(&self.refresh, token.signed.as_bytes(), &token.signature).is_ok()
    }

    fn switch(&self, kid: &str, enabled: bool) -> bool {
        let mut ring = self.ring();
        let held = ring.iter_mut().find(|held| held.key.kid() == kid);
        held.map(|held| held.enabled = enabled).is_some()
    }

    fn ring(&self) -> MutexGuard<'_, Vec<Held>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With every key disabled the newest goes on signing: such a token is what a test then wants to see refused.
fn current(ring: &[Held]) -> Option<&SigningKey> {
    ring.iter().find(|held| held.enabled).or_else(|| ring.first()).map(|held| &held.key)
}

/// Nobody encrypts for this realm, so the key is a constant whose private half was thrown away.
fn encryption_jwk() -> Value {
    json!({ "kid": "ZgvT0fu7jnkZ5aq9RIKq3hMbB4HBfEhpUmTIPYe5p2E", "kty": "RSA", "alg": "RSA-OAEP", "use": "enc", "n": ENCRYPTION_MODULUS, "e": "AQAB" })
}

const ENCRYPTION_MODULUS: &str = "3ATaPKRj6bL4-0OJR8zW1Rdf1k4zft3tyK12wHgCxbG7Irxnr08eLKk960RNEM2LzeTJXZD1KuMaiPSMpctUWHbV9DHhub_p8OHK_iGC_fGLhbnZPKzi2TmTiic4A2-x2Gnka36Gsn_g_K_xjLY6Wwvu1WjwjIGUQM-NNbaEJ27Mo-QKRqLHcShgG10ByfajpBujVV-B8Y_njFtRv2Hh2hYPBumhYaZ2poeRqC2JlA3V5s383tw1FzmAintow3eGK1EeWLZl18dScNy3KP7Rd1lITFvw7VJYmdIHMDLk3cU9NKJwdiaZwqyPrE_7lFkSnLnNIo2f7uvYC8B8quUkpw";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Keys;
    use crate::jws::Unverified;

    #[test]
    fn rotation_signs_with_the_new_key_and_still_knows_the_old() {
        let keys = Keys::generate().unwrap();
        let old = keys.sign(&json!({}), &json!({"n": 1}));
        let old_kid = keys.current();
        let new_kid = keys.rotate().unwrap();
        assert_eq!(keys.published(), [new_kid.clone(), old_kid.clone()]);
        assert_eq!(Unverified::parse(&keys.sign(&json!({}), &json!({}))).unwrap().header["kid"], new_kid.as_str());
        assert!(keys.signed(&Unverified::parse(&old).unwrap()));
        assert!(keys.disable(&old_kid));
        assert!(!keys.signed(&Unverified::parse(&old).unwrap()));
        assert!(!keys.disable("nobody"));
    }

    #[test]
    fn a_header_may_leave_out_what_is_usually_there() {
        let keys = Keys::generate().unwrap();
        let token = keys.sign(&json!({"kid": null, "typ": "JWT"}), &json!({}));
        assert_eq!(Unverified::parse(&token).unwrap().header, json!({"alg": "RS256", "typ": "JWT"}));
    }

    #[test]
    fn refresh_tokens_and_access_tokens_are_not_taken_for_each_other() {
        let keys = Keys::generate().unwrap();
        let (access, refresh) = (keys.sign(&json!({}), &json!({})), keys.sign_refresh(&json!({})));
        let (access, refresh) = (Unverified::parse(&access).unwrap(), Unverified::parse(&refresh).unwrap());
        assert!(keys.signed(&access) && !keys.signed_refresh(&access));
        assert!(keys.signed_refresh(&refresh) && !keys.signed(&refresh));
    }
}
