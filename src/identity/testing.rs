//! Keys, tokens and settings for the tests of this module.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::keys::{IssuerKeys, Key, KeySet};
use crate::clock::{Clock, Timestamp};
use crate::config::Issuer;

pub(crate) const NOW: Timestamp = Timestamp(crate::clock::Clock::MANUAL_EPOCH);

pub(crate) const ISSUER: &str = "https://sso.test/realms/acme";

pub(super) const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

/// RSA keys take long to make.
static RSA: LazyLock<Arc<RsaKeyPair>> = LazyLock::new(|| Arc::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));

/// A private key with its name.
#[derive(Clone)]
pub(crate) struct Signer {
    kid: String,
    pair: Pair,
}

#[derive(Clone)]
enum Pair {
    Rs256,
    Ps256,
    Ec(Algorithm, Arc<EcdsaKeyPair>),
    Ed(Arc<Ed25519KeyPair>),
}

impl Signer {
    pub(super) fn rs256(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: Pair::Rs256 }
    }

    pub(crate) fn es256(kid: &str) -> Self {
        Self::ec(kid, Algorithm::ES256, &ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    fn ec(kid: &str, algorithm: Algorithm, signing: &'static EcdsaSigningAlgorithm) -> Self {
        let pair = Arc::new(EcdsaKeyPair::generate(signing).unwrap());
        Self { kid: kid.to_owned(), pair: Pair::Ec(algorithm, pair) }
    }

    /// One key for each algorithm; the two for RSA are the same key under two names.
    pub(super) fn one_of_each() -> Vec<Self> {
        vec![
            Self::rs256("rsa-1"),
            Self { kid: "ps-1".to_owned(), pair: Pair::Ps256 },
            Self::es256("ec-1"),
            Self::ec("ec-2", Algorithm::ES384, &ECDSA_P384_SHA384_FIXED_SIGNING),
            Self { kid: "ed-1".to_owned(), pair: Pair::Ed(Arc::new(Ed25519KeyPair::generate().unwrap())) },
        ]
    }

    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match &self.pair {
            Pair::Rs256 => Algorithm::RS256,
            Pair::Ps256 => Algorithm::PS256,
            Pair::Ec(algorithm, _) => *algorithm,
            Pair::Ed(_) => Algorithm::EdDSA,
        }
    }

    pub(super) fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rs256 | Pair::Ps256 => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::from(RSA.public_key());
                json!({"kty": "RSA", "n": encode(&n), "e": encode(&e)})
            }
            Pair::Ec(algorithm, pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let crv = if *algorithm == Algorithm::ES256 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": crv, "x": encode(x), "y": encode(y)})
            }
            Pair::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref())}),
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm());
        jwk["use"] = json!("sig");
        jwk
    }

    pub(super) fn key(&self) -> Key {
        Key::from_jwk(&serde_json::from_value(self.jwk()).unwrap(), &ALGORITHMS).unwrap()
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_text(&claims.to_string())
    }

    pub(super) fn sign_text(&self, payload: &str) -> String {
        let header = json!({"alg": self.algorithm(), "typ": "JWT", "kid": self.kid}).to_string();
        self.sign_parts(&header, payload)
    }

    pub(super) fn sign_parts(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
        let signature = self.signature(signed.as_bytes());
        format!("{signed}.{}", encode(&signature))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rs256 | Pair::Ps256 => {
                let mut signature = vec![0; RSA.public_modulus_len()];
                let encoding: &dyn aws_lc_rs::signature::RsaEncoding =
                    if matches!(self.pair, Pair::Rs256) { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
                RSA.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::Ec(_, pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

/// A key set of these signers.
pub(super) fn jwks(signers: &[&Signer]) -> String {
    json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() }).to_string()
}

/// Puts the keys of these signers in place, as a read of the issuer does.
pub(crate) fn publish(keys: &IssuerKeys, signers: &[&Signer], clock: &Clock) {
    keys.replace(KeySet::parse(jwks(signers).as_bytes(), &ALGORITHMS).unwrap(), clock.boot());
}

/// The settings of the fixture: leeway 5 s, audience `gateway-api`, client `gateway`.
pub(crate) fn issuer() -> Issuer {
    Issuer {
        name: "acme".into(),
        issuer: ISSUER.into(),
        url: ISSUER.parse().unwrap(),
        client: None,
        audience: "gateway-api".to_owned(),
        algorithms: ALGORITHMS.to_vec(),
        leeway: Duration::from_secs(5),
        max_lifetime: Duration::from_secs(86_400),
        allowed_clients: vec!["gateway".to_owned()],
        roles: vec!["admin".to_owned(), "user".to_owned()],
        keys_refresh: Duration::from_secs(300),
        keys_max_stale: Duration::from_secs(3600),
        events_interval: Duration::ZERO,
    }
}

/// The claims of a good access token at `NOW`.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "aud": "gateway-api", "exp": NOW.0 + 300, "iat": NOW.0 - 5, "typ": "Bearer",
        "azp": "gateway", "jti": "jti-1", "sid": "sid-1", "scope": "openid profile", "acr": "1",
        "realm_access": {"roles": ["user", "offline_access"]},
        "preferred_username": "alice", "email": "alice@example.test", "email_verified": true,
    })
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The identity of a subject, with a session and a token of its own.
pub(crate) fn identity(sub: &str, expires_at: Timestamp) -> super::Identity {
    super::Identity {
        subject: super::Subject::new(ISSUER.into(), sub.into()),
        client: Some("doorward".into()),
        audiences: vec!["doorward".into()],
        scopes: vec![],
        sid: Some(format!("sid-of-{sub}").into()),
        jti: Some(format!("jti-of-{sub}").into()),
        issued_at: NOW,
        ends_at: expires_at,
        expires_at,
        auth_time: None,
        acr: None,
        issuer_roles: vec![],
        profile: super::Profile::default(),
    }
}
