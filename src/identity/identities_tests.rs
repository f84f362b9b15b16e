use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use jsonwebtoken::Algorithm;
use prometheus::Registry;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::identity::keys::{KeySet, KeysMetrics, Pace};
use crate::identity::testing::{ALGORITHMS, NOW, Signer, claims, issuer, jwks};

struct Rig {
    identities: Identities,
    keys: Arc<IssuerKeys>,
    clock: Clock,
    registry: Registry,
}

impl Rig {
    fn new(signers: &[&Signer]) -> Self {
        let registry = Registry::new();
        let clock = Clock::manual();
        let pace = Pace { wait: Duration::ZERO, ..Pace::new(Duration::from_secs(300), Duration::from_secs(3600)) };
        let metrics = KeysMetrics::new(&registry).unwrap();
        let keys = Arc::new(IssuerKeys::new("acme".into(), pace, clock.clone(), metrics));
        let tokens = TokenMetrics::new(&registry).unwrap();
        let identities = Identities::new(vec![(issuer(), Arc::clone(&keys))], 1000, tokens);
        let rig = Self { identities, keys, clock, registry };
        rig.publish(signers);
        rig
    }

    fn publish(&self, signers: &[&Signer]) {
        let set = KeySet::parse(jwks(signers).as_bytes(), &ALGORITHMS).unwrap();
        self.keys.replace(set, self.clock.boot());
    }

    async fn prove(&self, token: &str) -> Result<Arc<Identity>, ProveError> {
        self.identities.prove_bearer(token, NOW).await
    }

    fn lookups(&self, outcome: &str) -> u64 {
        let family =
            self.registry.gather().into_iter().find(|f| f.name() == "doorward_token_cache_lookups_total").unwrap();
        let metric = family.get_metric().iter().find(|metric| metric.get_label()[0].value() == outcome).unwrap();
        metric.get_counter().get_value() as u64
    }
}

const UNAVAILABLE: fn() -> ProveError = || ProveError::KeysUnavailable { issuer: "acme".into() };

#[tokio::test]
async fn a_good_token_of_every_algorithm_proves_an_identity_once() {
    let signers = Signer::one_of_each();
    let rig = Rig::new(&signers.iter().collect::<Vec<_>>());
    for signer in &signers {
        let token = signer.sign(&claims());
        assert!(rig.identities.known(&token, NOW).is_none());
        let identity = rig.prove(&token).await.unwrap();
        assert_eq!(&**identity.subject().sub(), "alice");
        let again = rig.prove(&token).now_or_never().expect("a known token is not waited for").unwrap();
        assert!(Arc::ptr_eq(&identity, &again));
        assert!(Arc::ptr_eq(&identity, &rig.identities.known(&token, NOW).unwrap()));
    }
    assert_eq!((rig.lookups("hit"), rig.lookups("miss"), rig.lookups("stale")), (10, 10, 0));
}

#[tokio::test]
async fn a_proof_dies_with_its_key() {
    let (signer, other) = (Signer::es256("ec-1"), Signer::es256("ec-2"));
    let rig = Rig::new(&[&signer]);
    let token = signer.sign(&claims());
    rig.prove(&token).await.unwrap();
    rig.publish(&[&signer]);
    rig.publish(&[&signer, &other]);
    assert!(rig.identities.known(&token, NOW).is_some(), "the same key in a newer set");
    rig.publish(&[&other]);
    assert!(rig.identities.known(&token, NOW).is_none());
    rig.publish(&[&Signer::es256("ec-1"), &other]);
    assert_eq!(rig.prove(&token).await.unwrap_err(), TokenError::Signature.into());
    assert_eq!(rig.lookups("stale"), 1);
}

#[tokio::test]
async fn a_proof_dies_with_the_keys_and_with_its_time() {
    let signer = Signer::es256("ec-1");
    let rig = Rig::new(&[&signer]);
    let token = signer.sign(&claims());
    rig.prove(&token).await.unwrap();
    assert!(rig.identities.known(&token, Timestamp(NOW.0 + 304)).is_some());
    assert!(rig.identities.known(&token, Timestamp(NOW.0 + 305)).is_none());
    let late = rig.identities.prove_bearer(&token, Timestamp(NOW.0 + 305)).await;
    assert_eq!(late.unwrap_err(), TokenError::Expired.into());
    rig.prove(&token).await.unwrap();
    rig.clock.advance(Duration::from_secs(3601));
    assert!(rig.identities.known(&token, NOW).is_none());
    assert_eq!(rig.prove(&token).await.unwrap_err(), UNAVAILABLE());
}

#[tokio::test]
async fn what_was_refused_may_prove_later() {
    let signer = Signer::es256("ec-1");
    let rig = Rig::new(&[]);
    let token = signer.sign(&claims());
    assert_eq!(rig.prove(&token).await.unwrap_err(), UNAVAILABLE());
    rig.publish(&[&signer]);
    assert!(rig.prove(&token).await.is_ok());
}

#[tokio::test]
async fn a_key_serves_its_own_algorithm_only() {
    let (rsa, ec) = (Signer::rs256("rsa-1"), Signer::es256("ec-1"));
    let rig = Rig::new(&[&rsa, &ec]);
    let payload = claims().to_string();
    let dressed = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid, "typ": "JWT"}).to_string();
    for (signer, alg, kid, expected) in [
        (&rsa, "RS256", "ec-1", TokenError::KeyAlgorithm),
        (&rsa, "PS256", "rsa-1", TokenError::KeyAlgorithm),
        (&ec, "ES256", "rsa-1", TokenError::KeyAlgorithm),
        (&rsa, "RS384", "rsa-1", TokenError::Algorithm),
        (&rsa, "HS256", "rsa-1", TokenError::Algorithm),
        (&rsa, "none", "rsa-1", TokenError::Algorithm),
    ] {
        let token = signer.sign_parts(&dressed(alg, kid), &payload);
        assert_eq!(rig.prove(&token).await.unwrap_err(), expected.into(), "{alg} {kid}");
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let rsa = Signer::rs256("rsa-1");
    let rig = Rig::new(&[&rsa]);
    let n = rsa.jwk()["n"].as_str().unwrap().to_owned();
    for secret in [n.as_bytes(), &URL_SAFE_NO_PAD.decode(&n).unwrap(), rsa.jwk().to_string().as_bytes(), b""] {
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        let header = encode(json!({"alg": "HS256", "kid": "rsa-1", "typ": "JWT"}).to_string());
        let signed = format!("{header}.{}", encode(claims().to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(rig.prove(&token).await.unwrap_err(), TokenError::Algorithm.into());
    }
}

#[tokio::test]
async fn the_same_key_name_at_two_issuers_is_two_keys() {
    let (here, there) = (Signer::es256("same"), Signer::es256("same"));
    let first = Rig::new(&[&here]);
    let second = Rig::new(&[&there]);
    let mut also = issuer();
    also.issuer = "https://other.test/realms/b".into();
    let issuers = vec![(issuer(), Arc::clone(&first.keys)), (also, Arc::clone(&second.keys))];
    let identities = Identities::new(issuers, 10, TokenMetrics::new(&Registry::new()).unwrap());
    let mut of_other = claims();
    of_other["iss"] = json!("https://other.test/realms/b");
    assert!(identities.prove_bearer(&here.sign(&claims()), NOW).await.is_ok());
    assert!(identities.prove_bearer(&there.sign(&of_other), NOW).await.is_ok());
    for forged in [there.sign(&claims()), here.sign(&of_other)] {
        let refused = identities.prove_bearer(&forged, NOW).await;
        assert_eq!(refused.unwrap_err(), TokenError::Signature.into());
    }
    let mut nobody = claims();
    for iss in ["https://sso.test/realms/acmex", "https://sso.test/realms/acme/", "https://sso.test:443/realms/acme"] {
        nobody["iss"] = json!(iss);
        let refused = identities.prove_bearer(&here.sign(&nobody), NOW).await;
        assert_eq!(refused.unwrap_err(), TokenError::Issuer.into());
    }
}

#[tokio::test]
async fn no_algorithm_outside_the_list_of_the_issuer() {
    let signer = Signer::es256("ec-1");
    let rig = Rig::new(&[&signer]);
    let mut strict = issuer();
    strict.algorithms = vec![Algorithm::RS256];
    let metrics = TokenMetrics::new(&Registry::new()).unwrap();
    let identities = Identities::new(vec![(strict, Arc::clone(&rig.keys))], 10, metrics);
    let refused = identities.prove_bearer(&signer.sign(&claims()), NOW).await;
    assert_eq!(refused.unwrap_err(), TokenError::Algorithm.into());
}

#[test]
fn proving_may_move_between_threads() {
    fn moves<T: Send>(_: &T) {}
    let rig = Rig::new(&[]);
    moves(&rig.identities.prove_bearer("", NOW));
}

proptest! {
    #[test]
    fn no_text_proves_anything(text in "\\PC{0,300}", parts in "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,90}") {
        let rig = Rig::new(&[]);
        for token in [text, parts] {
            prop_assert!(rig.prove(&token).now_or_never().expect("refused without waiting").is_err());
        }
    }

    #[test]
    fn no_change_of_a_token_goes_unseen(at in any::<proptest::sample::Index>(), byte in any::<u8>(), kind in 0..3) {
        let signer = Signer::es256("ec-1");
        let rig = Rig::new(&[&signer]);
        let good = signer.sign(&claims());
        let mut bytes = good.clone().into_bytes();
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = byte,
            1 => { bytes.remove(at); }
            _ => bytes.insert(at, byte),
        }
        let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
        prop_assume!(changed != good);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        prop_assert!(runtime.block_on(rig.prove(&changed)).is_err());
    }

    #[test]
    fn no_claims_panic(name in "iss|sub|aud|exp|iat|nbf|azp|typ|scope|sid|realm_access", number in any::<f64>(), whole in any::<i64>(), text in "\\PC{0,40}") {
        let signer = Signer::es256("ec-1");
        let rig = Rig::new(&[&signer]);
        for value in [json!(number), json!(whole), json!(text), json!([text]), json!({"roles": [whole, text]})] {
            let mut claims = claims();
            claims[&name] = value;
            let _ = rig.prove(&signer.sign(&claims)).now_or_never().expect("judged without waiting");
        }
    }
}
