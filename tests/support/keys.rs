//! Keys by name, made once per process: what a name starts or ends with says its kind.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    KeyPair, RsaEncoding,
};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::der;

/// A key that tokens are signed with.
pub enum Key {
    /// RSA, 2048 bit.
    Rsa(RsaKeyPair),
    /// A curve by the name that a JWK gives it.
    Ec(&'static str, EcdsaKeyPair),
    /// A shared secret.
    Oct(Vec<u8>),
}

/// The keys that the fixture's issuer publishes (facts/security.md §2.1); every other name is a stranger's.
pub const PUBLISHED: [&str; 6] = ["rsa-1", "ec-1", "enc-1", "encops-1", "ps-1", "oct-1"];

/// The key of that name.
pub fn key(name: &str) -> Arc<Key> {
    static KEYS: LazyLock<Mutex<HashMap<String, Arc<Key>>>> = LazyLock::new(Mutex::default);
    let mut keys = KEYS.lock().unwrap();
    Arc::clone(keys.entry(name.to_owned()).or_insert_with(|| Arc::new(Key::generate(name))))
}

/// The JWK set of the keys of these names.
pub fn jwks(names: &[&str]) -> Value {
    json!({ "keys": names.iter().map(|name| jwk(name)).collect::<Vec<_>>() })
}

/// The JWK (RFC 7517) of a key, with the flaws that its name stands for.
pub fn jwk(name: &str) -> Value {
    let mut jwk = key(name).public_jwk();
    jwk["kid"] = json!(name);
    jwk["use"] = json!("sig");
    match name {
        "enc-1" => jwk["use"] = json!("enc"),
        "ps-1" => jwk["alg"] = json!("PS256"),
        "encops-1" => {
            jwk.as_object_mut().unwrap().remove("use");
            jwk["key_ops"] = json!(["encrypt"]);
        }
        _ => {}
    }
    jwk
}

/// Bytes as a JWK and a JWS write them.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    fn generate(name: &str) -> Self {
        let ec = |curve, algorithm| Self::Ec(curve, EcdsaKeyPair::generate(algorithm).unwrap());
        if name.starts_with("oct") {
            Self::Oct(b"a-secret-that-should-not-be-in-a-jwks-at-all".to_vec())
        } else if name.contains("p384") {
            ec("P-384", &ECDSA_P384_SHA384_FIXED_SIGNING)
        } else if name.ends_with("k1") {
            ec("secp256k1", &ECDSA_P256K1_SHA256_FIXED_SIGNING)
        } else if name.starts_with("ec") || name.contains("-ec") || name.contains("p256") {
            ec("P-256", &ECDSA_P256_SHA256_FIXED_SIGNING)
        } else {
            Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
        }
    }

    fn public_jwk(&self) -> Value {
        match self {
            Self::Rsa(_) => {
                json!({ "kty": "RSA", "n": base64url(self.modulus()), "e": "AQAB", "alg": "RS256" })
            }
            Self::Ec(curve, _) => {
                let point = self.point();
                let (x, y) = point[1..].split_at((point.len() - 1) / 2);
                let algorithm = if *curve == "P-384" { "ES384" } else { "ES256" };
                json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y), "alg": algorithm })
            }
            Self::Oct(secret) => json!({ "kty": "oct", "k": base64url(secret), "alg": "HS256" }),
        }
    }

    /// An RSA key's modulus.
    pub fn modulus(&self) -> Vec<u8> {
        der::unsigned(der::members(&self.pkcs1())[0]).to_vec()
    }

    /// An RSA key's private exponent.
    pub fn private_exponent(&self) -> Vec<u8> {
        let Self::Rsa(pair) = self else { panic!("not an RSA key") };
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        der::unsigned(der::members(der::members(pkcs8.as_ref())[2])[3]).to_vec()
    }

    /// An EC key's public point, uncompressed.
    pub fn point(&self) -> Vec<u8> {
        let Self::Ec(_, pair) = self else { panic!("not an EC key") };
        pair.public_key().as_ref().to_vec()
    }

    /// An RSA public key as PKCS#1.
    pub fn pkcs1(&self) -> Vec<u8> {
        let Self::Rsa(pair) = self else { panic!("not an RSA key") };
        pair.public_key().as_ref().to_vec()
    }

    /// The public key as SubjectPublicKeyInfo.
    pub fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Rsa(pair) => pair.public_key().as_der().unwrap(),
            Self::Ec(_, pair) => pair.public_key().as_der().unwrap(),
            Self::Oct(_) => panic!("a secret has no public half"),
        };
        der.as_ref().to_vec()
    }

    /// An EC key's private half as PKCS#8.
    pub fn pkcs8(&self) -> Vec<u8> {
        let Self::Ec(_, pair) = self else { panic!("not an EC key") };
        pair.to_pkcs8v1().unwrap().as_ref().to_vec()
    }

    /// Signs with PKCS#1 or PSS padding.
    pub fn sign_rsa(&self, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let Self::Rsa(pair) = self else { panic!("not an RSA key") };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    /// Signs with ECDSA; the signature is `r || s`.
    pub fn sign_ec(&self, message: &[u8]) -> Vec<u8> {
        let Self::Ec(_, pair) = self else { panic!("not an EC key") };
        pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }
}

/// A self-signed certificate of a key, DER; for several hosts with a comma between.
pub fn certificate(name: &str, hosts: &str) -> Vec<u8> {
    certificate_until(name, hosts, "20991231000000Z")
}

/// The same with an end.
pub fn certificate_until(name: &str, hosts: &str, until: &str) -> Vec<u8> {
    let key = key(name);
    match &*key {
        Key::Rsa(_) => der::certificate(hosts, until, &key.spki(), &der::sha256_with_rsa(), |body| {
            key.sign_rsa(&aws_lc_rs::signature::RSA_PKCS1_SHA256, body)
        }),
        _ => der::certificate(hosts, until, &key.spki(), &der::ecdsa_with_sha256(), |body| {
            let signature = key.sign_ec(body);
            let (r, s) = signature.split_at(signature.len() / 2);
            der_signature(r, s)
        }),
    }
}

/// `r` and `s` as X.509 writes an ECDSA signature (RFC 3279 §2.2.3).
pub fn der_signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    der::sequence(&[&integer(r), &integer(s)])
}

fn integer(unsigned: &[u8]) -> Vec<u8> {
    let stripped: Vec<u8> = unsigned.iter().copied().skip_while(|byte| *byte == 0).collect();
    let sign = if stripped.first().is_none_or(|byte| *byte > 0x7f) { vec![0] } else { vec![] };
    der::element(0x02, &[sign, stripped].concat())
}

/// A PEM block with LF line ends and a final one.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
