//! Access tokens as Keycloak writes them, signed with RS256 by a key of this run.

use std::num::NonZero;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::Outcome;
use crate::users::{name, subject};

/// Signs tokens of one issuer.
pub struct Mint {
    pair: KeyPair,
    issuer: String,
    now: u64,
}

impl Mint {
    /// A new key of 2048 bits.
    pub fn new(pair: KeyPair, issuer: &str) -> Outcome<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Ok(Self { pair, issuer: issuer.to_owned(), now })
    }

    /// One token for each number, on all cores; the number of the user is that of the token within `users`.
    pub fn tokens(&self, numbers: std::ops::Range<usize>, users: usize) -> Outcome<Vec<String>> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let share = numbers.len().div_ceil(cores).max(1);
        let parts: Vec<_> =
            numbers.clone().step_by(share).map(|start| start..(start + share).min(numbers.end)).collect();
        std::thread::scope(|scope| {
            let workers: Vec<_> = parts
                .into_iter()
                .map(|part| scope.spawn(move || part.map(|number| self.token(number, number % users)).collect()))
                .collect();
            let minted: Outcome<Vec<Vec<String>>> =
                workers.into_iter().map(|worker| worker.join().map_err(|_| "signing panicked")?).collect();
            Ok(minted?.concat())
        })
    }

    /// A logout token for the session of a user (OpenID Connect Back-Channel Logout 1.0 §2.4).
    pub fn logout_token(&self, user: usize) -> Outcome<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        self.sign(&json!({
            "iat": now,
            "exp": now + 120,
            "jti": format!("logout-{user:08x}"),
            "iss": self.issuer,
            "aud": "doorward",
            "sub": subject(user),
            "typ": "Logout",
            "sid": session(user),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        }))
    }

    fn token(&self, number: usize, user: usize) -> Outcome<String> {
        self.sign(&self.claims(number, user))
    }

    fn sign(&self, claims: &Value) -> Outcome<String> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": KID }).to_string();
        let payload = claims.to_string();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "signing failed")?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn claims(&self, number: usize, user: usize) -> Value {
        json!({
            "exp": self.now + LIFETIME,
            "iat": self.now,
            "auth_time": self.now,
            "jti": format!("onrtac:{number:08x}-0d5e-4b1b-9d63-000000000000"),
            "iss": self.issuer,
            "aud": "doorward",
            "sub": subject(user),
            "typ": "Bearer",
            "azp": "doorward",
            "sid": session(user),
            "acr": "1",
            "scope": "openid profile email",
            "email_verified": true,
            "name": "Jo Example",
            "preferred_username": name(user),
            "given_name": "Jo",
            "family_name": "Example",
            "email": format!("{}@bench.test", name(user)),
        })
    }
}

fn session(user: usize) -> String {
    format!("{user:08x}-7a35-4f4c-8f4e-000000000000")
}

/// The token with one bit of its signature changed.
#[must_use]
pub fn spoilt(token: &str) -> String {
    let dot = token.rfind('.').map_or(0, |dot| dot + 1);
    let (signed, signature) = token.split_at(dot);
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}{first}{}", signature.get(1..).unwrap_or_default())
}

pub(crate) fn new_pair() -> Outcome<KeyPair> {
    Ok(KeyPair::generate(KeySize::Rsa2048).map_err(|_| "no key could be made")?)
}

/// The public half (RFC 7517).
pub(crate) fn jwks(pair: &KeyPair) -> String {
    let public = pair.public_key();
    let modulus = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
    let exponent = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
    json!({ "keys": [{ "kid": KID, "kty": "RSA", "alg": "RS256", "use": "sig", "n": modulus, "e": exponent }] })
        .to_string()
}

const KID: &str = "3Vq0nq0oR2bq0w3rJmE7w1b1f6q2Vd6yq1m0c2o0a5k";
const LIFETIME: u64 = 12 * 3600;
