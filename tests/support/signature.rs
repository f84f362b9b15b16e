//! The `sig` word of a token recipe: `<alg>:<key>[.<form>][!<mutation>]`, `empty`, `hs256:const:<secret>`.

use aws_lc_rs::{digest, hmac, signature as aws};

use super::keys::{Key, base64url, jwk, key, pem};
use super::number;

/// A word that the builder does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown(pub String);

/// The signature that `word` describes, over `message`.
pub fn signature(word: &str, message: &[u8], client_secret: &str) -> Result<Vec<u8>, Unknown> {
    if word == "empty" {
        return Ok(Vec::new());
    }
    let (algorithm, rest) = word.split_once(':').ok_or_else(|| Unknown(word.to_owned()))?;
    if algorithm.starts_with("hs") {
        return Ok(keyed_hash(algorithm, &secret(rest, client_secret)?, message));
    }
    let (name, mutation) = rest.split_once('!').map_or((rest, None), |(name, mutation)| (name, Some(mutation)));
    let key = key(name);
    let good = asymmetric(algorithm, &key, message)?;
    mutation.map_or(Ok(good.clone()), |mutation| mutate(mutation, &good, &key, message))
}

fn asymmetric(algorithm: &str, key: &Key, message: &[u8]) -> Result<Vec<u8>, Unknown> {
    let padding: &'static dyn aws::RsaEncoding = match algorithm {
        "rs256" => &aws::RSA_PKCS1_SHA256,
        "rs384" => &aws::RSA_PKCS1_SHA384,
        "rs512" => &aws::RSA_PKCS1_SHA512,
        "ps256" => &aws::RSA_PSS_SHA256,
        "ps384" => &aws::RSA_PSS_SHA384,
        "ps512" => &aws::RSA_PSS_SHA512,
        "es256" | "es384" | "es256k" => return Ok(key.sign_ec(message)),
        other => return Err(Unknown(format!("sig algorithm {other}"))),
    };
    Ok(key.sign_rsa(padding, message))
}

fn keyed_hash(algorithm: &str, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match algorithm {
        "hs384" => hmac::HMAC_SHA384,
        "hs512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(algorithm, secret), message).as_ref().to_vec()
}

/// The public halves of keys, in the forms in which libraries took them for HMAC secrets.
fn secret(word: &str, client_secret: &str) -> Result<Vec<u8>, Unknown> {
    if let Some(constant) = word.strip_prefix("const:") {
        return Ok(constant.as_bytes().to_vec());
    }
    if word == "client_secret" {
        return Ok(client_secret.as_bytes().to_vec());
    }
    let (name, form) = word.split_once('.').unwrap_or((word, ""));
    let key = key(name);
    Ok(match (form, &*key) {
        ("", Key::Oct(secret)) => secret.clone(),
        ("pem-spki", _) => pem("PUBLIC KEY", &key.spki()).into_bytes(),
        ("pem-spki-nonl", _) => pem("PUBLIC KEY", &key.spki()).trim_end().as_bytes().to_vec(),
        ("pem-spki-crlf", _) => pem("PUBLIC KEY", &key.spki()).replace('\n', "\r\n").into_bytes(),
        ("pem-pkcs1", _) => pem("RSA PUBLIC KEY", &key.pkcs1()).into_bytes(),
        ("pem-cert" | "x5c-pem", _) => pem("CERTIFICATE", &super::keys::certificate(name, "sso.test")).into_bytes(),
        ("der-spki" | "spki-der" | "spki", _) => key.spki(),
        ("der-pkcs1" | "pkcs1-der" | "pkcs1", _) => key.pkcs1(),
        ("jwk-json", _) => jwk(name).to_string().into_bytes(),
        ("jwks-json", _) => super::keys::jwks(&[name]).to_string().into_bytes(),
        ("n-b64", _) => base64url(key.modulus()).into_bytes(),
        ("n-bytes", _) => key.modulus(),
        ("n-hex", _) => key.modulus().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes(),
        ("point", _) => key.point(),
        ("x-bytes", _) => key.point()[1..33].to_vec(),
        ("kid", _) => name.as_bytes().to_vec(),
        _ => return Err(Unknown(format!("hmac secret {word}"))),
    })
}

fn mutate(word: &str, good: &[u8], key: &Key, message: &[u8]) -> Result<Vec<u8>, Unknown> {
    let (r, s) = good.split_at(good.len() / 2);
    let (name, argument) = word.split_once(':').unwrap_or((word, ""));
    let count = || argument.parse::<usize>().map_err(|_| Unknown(format!("sig mutation {word}")));
    let order = number::P256_ORDER;
    Ok(match name {
        "empty" => Vec::new(),
        "zero" => vec![0; count()?],
        "ff" => vec![0xff; count()?],
        "int" => number::add(&vec![0; key.modulus().len() - 1], &count()?.to_be_bytes()),
        "n" => key.modulus(),
        "n-1" => number::subtract(&key.modulus(), &[1]),
        "n-s" => [r, &number::subtract(&order, s)].concat(),
        "n+0" | "n+1" | "n+2" => number::add(&key.modulus(), &[word.as_bytes()[2] - b'0'])[1..].to_vec(),
        "s+n" if matches!(key, Key::Ec(..)) => [r, &number::add(s, &order)].concat(),
        "s+n" | "sig+n" | "plus_n" => number::add(good, &key.modulus()),
        "trunc" => good[..good.len() - count().unwrap_or(1).min(good.len())].to_vec(),
        "lead0" | "lead_zero" | "prepend0" => [&[0], good].concat(),
        "trail0" | "trail_zero" | "append0" => [good, &[0]].concat(),
        "swap" => [s, r].concat(),
        "r0" => [&vec![0; r.len()], s].concat(),
        "s0" => [r, &vec![0; s.len()]].concat(),
        "r1" => [&number::add(&vec![0; r.len() - 1], &[1]), s].concat(),
        "rn" => [&order[..], s].concat(),
        "sn" => [r, &order[..]].concat(),
        "r+n" => [&number::add(r, &order), s].concat(),
        "der" => super::keys::der_signature(r, s),
        "flip" => good.iter().enumerate().map(|(at, byte)| if at == 0 { byte ^ 1 } else { *byte }).collect(),
        padding if padding.starts_with("pkcs1_") => forged_padding(padding, key, message)?,
        _ => return Err(Unknown(format!("sig mutation {word}"))),
    })
}

/// A signature by the real key over an encoded message that RFC 8017 §9.2 does not make.
fn forged_padding(word: &str, key: &Key, message: &[u8]) -> Result<Vec<u8>, Unknown> {
    let info = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
        0x20,
    ];
    let no_null =
        [0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x20];
    let hash = digest::digest(&digest::SHA256, message);
    let length = key.modulus().len();
    let encode = |kind: u8, fill: u8, count: Option<usize>, info: &[u8]| {
        let tail = [&[0], info, hash.as_ref()].concat();
        let fill = vec![fill; count.unwrap_or(length - 2 - tail.len())];
        let mut encoded = [&[0, kind], &fill[..], &tail].concat();
        encoded.resize(length, 0xa5);
        encoded
    };
    let encoded = match word {
        "pkcs1_good" => encode(1, 0xff, None, &info),
        "pkcs1_trailing" => encode(1, 0xff, Some(8), &info),
        "pkcs1_bt2" | "pkcs1_type2" => encode(2, 0xff, None, &info),
        "pkcs1_bt0" | "pkcs1_type0" => encode(0, 0, None, &info),
        "pkcs1_nonull" | "pkcs1_no_null" => encode(1, 0xff, None, &no_null),
        "pkcs1_nodigestinfo" | "pkcs1_bare" => encode(1, 0xff, None, &[]),
        _ => return Err(Unknown(format!("sig mutation {word}"))),
    };
    Ok(number::mod_pow(&encoded, &key.private_exponent(), &key.modulus()))
}

#[test]
fn the_forger_can_also_make_a_good_signature() {
    let forged = signature("rs256:rsa-1!pkcs1_good", b"message", "").unwrap();
    assert_eq!(forged, signature("rs256:rsa-1", b"message", "").unwrap());
}
