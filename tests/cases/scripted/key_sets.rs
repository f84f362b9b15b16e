//! The key endpoint answers, and its set is odd.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::jwks::{force_fetch, measured_until};
use super::{Script, assert_passes, assert_unauthorized, status_of};
use crate::support::issuer::Answer;
use crate::support::keys::{PUBLISHED, base64url, certificate, jwk, jwks};
use crate::support::patience::{wait_for, within};
use crate::support::setup::{Running, Setup};

pub const SCRIPTS: &[(&str, Script)] = &[
    ("JWKS-006", |_| a_removed_key_dies(Answer::Json(jwks(&["ec-1"])))),
    ("CACHE-003", |_| a_removed_key_dies(Answer::Json(jwks(&["ec-1"])))),
    ("JWKS-017", two_keys_of_one_kid),
    ("JWKS-018", a_secret_in_the_set),
    ("JWKS-023", a_curve_that_is_not_of_the_algorithm),
    ("JWKS-024", a_certificate_of_another_key),
    ("JWKS-026", ten_thousand_keys),
    ("JWKS-032", |_| a_removed_key_dies(kept_for_a_year(jwks(&["ec-1"])))),
];

/// Within the interval at which keys are read again, whatever the answer says of caching.
fn a_removed_key_dies(without_it: Answer) {
    let mut setup = Setup::new();
    setup.config.keycloak += "keys_refresh = \"10s\"\n";
    if matches!(without_it, Answer::Raw { .. }) {
        setup.issuer.certs(kept_for_a_year(jwks(&PUBLISHED)));
    }
    let running = setup.start();
    let old = running.new_token("alice");
    assert_eq!(status_of(&running, &old), 200);
    running.setup.issuer.certs(without_it);
    let began = Instant::now();
    within(Duration::from_secs(25), || (status_of(&running, &old) == 401).then_some(())).expect("the key still works");
    assert!(began.elapsed() < Duration::from_secs(20), "the key worked for {:?}", began.elapsed());
    assert_unauthorized(&running, &json!({}));
    assert_passes(&running, &json!({ "header_set": { "alg": "ES256", "kid": "ec-1" }, "key": "ec-1" }));
}

fn kept_for_a_year(set: Value) -> Answer {
    let fields = vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("Cache-Control".to_owned(), "max-age=31536000".to_owned()),
    ];
    Answer::Raw { status: 200, fields, body: set.to_string().into_bytes() }
}

/// A gateway whose issuer publishes this set from the beginning, and `ec-1` with it.
fn with_keys(mut keys: Vec<Value>) -> Running {
    keys.push(jwk("ec-1"));
    let setup = Setup::new();
    setup.issuer.certs(Answer::Json(json!({ "keys": keys })));
    let running = setup.start();
    assert_passes(&running, &json!({ "header_set": { "alg": "ES256", "kid": "ec-1" }, "key": "ec-1" }));
    running
}

fn two_keys_of_one_kid(_: &Value) {
    let mut other = jwk("atk-rsa");
    other["kid"] = json!("rsa-1");
    let running = with_keys(vec![jwk("rsa-1"), other]);
    assert_unauthorized(&running, &json!({}));
    assert_unauthorized(&running, &json!({ "key": "atk-rsa" }));
}

fn a_secret_in_the_set(_: &Value) {
    let running = with_keys(vec![jwk("oct-1"), jwk("rsa-1")]);
    let header = json!({ "alg": "HS256", "kid": "oct-1" });
    assert_unauthorized(&running, &json!({ "header_set": header, "sig": "hs256:oct-1" }));
    assert_passes(&running, &json!({}));
}

fn a_curve_that_is_not_of_the_algorithm(_: &Value) {
    let mut mixed = jwk("ec-mix");
    mixed["alg"] = json!("ES384");
    let running = with_keys(vec![mixed]);
    for algorithm in ["ES256", "ES384"] {
        let header = json!({ "alg": algorithm, "kid": "ec-mix" });
        assert_unauthorized(&running, &json!({ "header_set": header, "sig": "es256:ec-mix" }));
    }
}

fn a_certificate_of_another_key(_: &Value) {
    let mut key = jwk("rsa-1");
    key["x5c"] = json!([BASE64_STANDARD.encode(certificate("atk-rsa", "sso.test"))]);
    let running = with_keys(vec![key]);
    assert_passes(&running, &json!({}));
    assert_unauthorized(&running, &json!({ "key": "atk-rsa" }));
}

/// Such a set is refused as a whole, and the known one stays.
fn ten_thousand_keys(expect: &Value) {
    let running = Running::new();
    assert_passes(&running, &json!({}));
    force_fetch(&running);
    let one = |index: usize| {
        let mut key = jwk("rsa-1");
        key["kid"] = json!(format!("many-{index}"));
        key["n"] = json!(base64url([&[0xc1][..], &index.to_be_bytes(), &[0x55; 247]].concat()));
        key
    };
    let keys: Vec<Value> = (0..10_000).map(one).collect();
    running.setup.issuer.certs(Answer::Json(json!({ "keys": keys })));
    let allowed = expect["max_rss_mb_growth"].as_u64().unwrap() * 1024;
    let grown = measured_until(allowed, || {
        running.gateway.grown_by(|| {
            let given = running.setup.issuer.given();
            force_fetch(&running);
            wait_for("the end of the fetch", || (running.setup.issuer.given() > given).then_some(()));
            assert_passes(&running, &json!({}));
        })
    });
    assert!(grown.iter().any(|grown| *grown <= allowed), "memory grew by {grown:?} KiB, allowed are {allowed}");
}
