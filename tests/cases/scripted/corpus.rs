//! Collections of others, sent through the gateway.

use std::path::Path;

use serde_json::Value;

use super::Script;
use crate::support::raw::Request;
use crate::support::setup::Running;

/// Whether a signature is right is asked of the verifier itself (`identity::token::wycheproof_tests`): here, that no
/// vector opens a door, whatever it is.
pub const SCRIPTS: &[(&str, Script)] = &[
    ("CORPUS-001", |_| no_vector_is_a_token("json_web_signature_test.json", "jws", 401)),
    ("CORPUS-002", |_| no_vector_is_a_token("json_web_key_test.json", "jws", 26)),
    ("CORPUS-003", |_| no_vector_is_a_token("json_web_crypto_test.json", "jws", 83)),
    ("CORPUS-004", |_| no_vector_is_a_token("json_web_encryption_test.json", "jwe", 139)),
];

fn no_vector_is_a_token(file: &str, member: &str, count: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/wycheproof").join(file);
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let groups = vectors["testGroups"].as_array().unwrap();
    let tests: Vec<&Value> = groups.iter().flat_map(|group| group["tests"].as_array().unwrap()).collect();
    assert_eq!(tests.len(), count);
    let running = Running::new();
    for test in tests {
        let entry = test.get(member).or_else(|| test.get("jws")).or_else(|| test.get("jwe")).unwrap();
        let text = entry.as_str().map_or_else(|| entry.to_string(), str::to_owned);
        let answer = running.gateway.send(Request::get("/api/echo").bearer(&text));
        assert!(matches!(answer.status, 400 | 401), "{} {}", test["tcId"], answer.shown());
    }
    assert_eq!(running.upstream().count(), 0);
    assert_eq!(running.send_as("alice", Request::get("/api/echo")).status, 200);
}
