//! From one JWK to a key that verifies, or to nothing.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, Jwk, KeyOperations,
    OctetKeyPairParameters, PublicKeyUse, RSAKeyParameters,
};

/// A public key of an issuer, parsed once, for the algorithms that it may verify.
#[derive(Clone)]
pub struct Key {
    kid: String,
    verifiers: Vec<(Algorithm, ParsedPublicKey)>,
}

impl Key {
    /// The key in `jwk`, for those of the `accepted` algorithms that its type, curve, use and `alg` permit;
    /// nothing where none is left. Certificates (`x5c`) are not looked at (RFC 7517 §4.7).
    pub(in crate::identity) fn from_jwk(jwk: &Jwk, accepted: &[Algorithm]) -> Option<Self> {
        let kid = jwk.common.key_id.clone().filter(|kid| !kid.is_empty())?;
        if !may_verify(&jwk.common) {
            return None;
        }
        let verifiers: Vec<_> = accepted
            .iter()
            .filter(|algorithm| jwk.common.key_algorithm.is_none_or(|own| own == (**algorithm).into()))
            .filter_map(|algorithm| Some((*algorithm, parse(&jwk.algorithm, *algorithm)?)))
            .collect();
        (!verifiers.is_empty()).then_some(Self { kid, verifiers })
    }

    /// The name under which tokens ask for it.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The parsed key, where it is for this algorithm (RFC 8725 §3.1).
    pub(in crate::identity) fn verifier(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        self.verifiers.iter().find(|(own, _)| *own == algorithm).map(|(_, key)| key)
    }
}

/// Same name, same material, same algorithms.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&(Algorithm, ParsedPublicKey), &(Algorithm, ParsedPublicKey))| {
            a.0 == b.0 && a.1.as_ref() == b.1.as_ref()
        };
        self.kid == other.kid
            && self.verifiers.len() == other.verifiers.len()
            && self.verifiers.iter().zip(&other.verifiers).all(same)
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.verifiers.iter().map(|(algorithm, _)| algorithm).collect();
        f.debug_struct("Key").field("kid", &self.kid).field("algorithms", &algorithms).finish()
    }
}

fn may_verify(common: &CommonParameters) -> bool {
    let for_signatures = common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let operations = common.key_operations.as_ref();
    for_signatures && operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

fn parse(parameters: &AlgorithmParameters, algorithm: Algorithm) -> Option<ParsedPublicKey> {
    match parameters {
        AlgorithmParameters::RSA(rsa) => parse_rsa(rsa, rsa_parameters(algorithm)?),
        AlgorithmParameters::EllipticCurve(ec) => parse_ec(ec, algorithm),
        AlgorithmParameters::OctetKeyPair(okp) if algorithm == Algorithm::EdDSA => parse_ed(okp),
        _ => None,
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn parse_rsa(rsa: &RSAKeyParameters, parameters: &'static RsaParameters) -> Option<ParsedPublicKey> {
    let (n, e) = (magnitude(&rsa.n)?, magnitude(&rsa.e)?);
    let sane = RSA_BITS.contains(&bits(&n)) && is_odd(&n) && is_odd(&e) && (2..=EXPONENT_BITS).contains(&bits(&e));
    if !sane {
        return None;
    }
    RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).ok()
}

const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// An odd exponent of two bits or more is at least 3; larger ones than this only cost time.
const EXPONENT_BITS: usize = 32;

fn parse_ec(ec: &EllipticCurveKeyParameters, algorithm: Algorithm) -> Option<ParsedPublicKey> {
    let (scheme, length) = match (&ec.curve, algorithm) {
        (EllipticCurve::P256, Algorithm::ES256) => (&ECDSA_P256_SHA256_FIXED, 32),
        (EllipticCurve::P384, Algorithm::ES384) => (&ECDSA_P384_SHA384_FIXED, 48),
        _ => return None,
    };
    let (x, y) = (decode(&ec.x)?, decode(&ec.y)?);
    if x.len() != length || y.len() != length {
        return None;
    }
    let uncompressed = [&[4], x.as_slice(), y.as_slice()].concat();
    ParsedPublicKey::new(scheme, uncompressed).ok()
}

fn parse_ed(okp: &OctetKeyPairParameters) -> Option<ParsedPublicKey> {
    let x = decode(&okp.x)?;
    if okp.curve != EllipticCurve::Ed25519 || x.len() != 32 {
        return None;
    }
    ParsedPublicKey::new(&ED25519, x).ok()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A big-endian number without the leading zeros that some issuers write.
fn magnitude(text: &str) -> Option<Vec<u8>> {
    let bytes = decode(text)?;
    let significant = bytes.iter().position(|byte| *byte != 0)?;
    bytes.get(significant..).map(<[u8]>::to_vec)
}

fn bits(magnitude: &[u8]) -> usize {
    let leading = magnitude.first().map_or(0, |byte| byte.leading_zeros() as usize);
    magnitude.len() * 8 - leading
}

fn is_odd(magnitude: &[u8]) -> bool {
    magnitude.last().is_some_and(|byte| byte % 2 == 1)
}
