//! The public test vectors of Project Wycheproof, run through the signature layer and the key filter. What a
//! vector expects is what happens, but for the disagreements that are listed with their reasons.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::jws::UnverifiedJws;
use crate::identity::keys::KeySet;

const ASYMMETRIC: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

const NONE: [u64; 0] = [];

fn groups(text: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(text).unwrap();
    document["testGroups"].as_array().unwrap().clone()
}

fn key_set(group: &Value) -> KeySet {
    let key = group.get("public").or(group.get("private")).unwrap();
    let document = if key.get("keys").is_some() { key.clone() } else { json!({ "keys": [key] }) };
    KeySet::parse(document.to_string().as_bytes(), &ASYMMETRIC).unwrap()
}

fn accepts(keys: &KeySet, token: &str) -> bool {
    let Ok(jws) = UnverifiedJws::parse(token) else { return false };
    keys.find(&jws.header.kid).is_some_and(|key| jws.verify(key).is_ok())
}

/// The vectors whose answer differs from their label: those refused, and those accepted.
fn disagreements(text: &str) -> (usize, Vec<u64>, Vec<u64>) {
    let (mut count, mut refused, mut accepted) = (0, Vec::new(), Vec::new());
    for group in groups(text) {
        let keys = key_set(&group);
        for test in group["tests"].as_array().unwrap() {
            let token = test.get("jws").or(test.get("jwe")).and_then(Value::as_str).unwrap_or_default();
            count += 1;
            match (test["result"].as_str().unwrap(), accepts(&keys, token)) {
                ("valid", false) => refused.push(test["tcId"].as_u64().unwrap()),
                ("invalid", true) => accepted.push(test["tcId"].as_u64().unwrap()),
                _ => {}
            }
        }
    }
    (count, refused, accepted)
}

#[test]
fn signatures() {
    let (count, refused, accepted) =
        disagreements(include_str!("../../../tests/vectors/wycheproof/json_web_signature_test.json"));
    assert_eq!(count, 401);
    // HS256; 372 and 373 hold a character outside the alphabet besides and are wrongly labelled valid.
    let symmetric = [1, 348, 352, 357, 358, 359, 372, 373, 376, 377];
    // The key says PS256 and the token PS384 (RFC 8725 §3.1: one algorithm a key).
    let other_algorithm = [346, 350];
    // ES512 over P-521, in a key whose `alg` is the unknown name ES521.
    let not_offered = [347, 351];
    let mut expected = [&symmetric[..], &other_algorithm, &not_offered].concat();
    expected.sort_unstable();
    assert_eq!(refused, expected);
    // 367 and 370 are well-formed tokens wrongly labelled invalid; being HS256 they are refused all the same.
    assert_eq!(accepted, NONE);
}

#[test]
fn keys() {
    let (count, refused, accepted) =
        disagreements(include_str!("../../../tests/vectors/wycheproof/json_web_key_test.json"));
    assert_eq!(count, 26);
    assert_eq!(refused, [2, 13, 14, 15], "HS256, HS384 and HS512");
    assert_eq!(accepted, [7], "a ROCA key: the keys come from the issuer, which vouches for how it made them");
}

#[test]
fn signatures_and_encryption() {
    let (count, refused, accepted) =
        disagreements(include_str!("../../../tests/vectors/wycheproof/json_web_crypto_test.json"));
    assert_eq!(count, 83);
    assert_eq!(refused, [1, 48, 50, 67], "HS256, HS256, and two encrypted tokens");
    assert_eq!(accepted, [46], "the ROCA key again");
}

#[test]
fn encryption_is_refused() {
    let groups = groups(include_str!("../../../tests/vectors/wycheproof/json_web_encryption_test.json"));
    for test in groups.iter().flat_map(|group| group["tests"].as_array().unwrap()) {
        let token = test["jwe"].as_str().unwrap_or_default();
        assert!(UnverifiedJws::parse(token).is_err(), "{}", test["tcId"]);
    }
}
