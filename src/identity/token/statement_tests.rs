use serde_json::{Value, json};

use super::*;
use crate::identity::KeysMetrics;
use crate::identity::keys::Pace;
use crate::identity::testing::{ISSUER, NOW, Signer, issuer};
use crate::identity::token::Verifier;

fn verifier() -> Verifier {
    let pace = Pace::new(Duration::from_secs(300), Duration::from_secs(3600));
    let metrics = KeysMetrics::new(&prometheus::Registry::new()).unwrap();
    let keys = IssuerKeys::new("acme".into(), pace, crate::clock::Clock::manual(), metrics);
    Verifier::new(vec![(issuer(), Arc::new(keys))])
}

fn logout_claims() -> Value {
    json!({"iss": ISSUER, "aud": "gateway", "iat": NOW.0, "exp": NOW.0 + 120, "jti": "j-1", "sub": "alice", "sid": "s-1",
           "typ": "Logout", "events": {LOGOUT_EVENT: {}, "revoke_offline_access": true}})
}

fn order_claims() -> Value {
    json!({"id": "o-1", "expiration": NOW.0 + 30, "resource": "gateway", "action": "LOGOUT", "notBefore": NOW.0})
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    let members = claims.as_object_mut().unwrap();
    match value {
        Value::Null => drop(members.remove(name)),
        value => drop(members.insert(name.to_owned(), value)),
    }
    claims
}

fn signed(typ: &str, claims: &Value) -> (Signer, String) {
    let signer = Signer::es256("ec-1");
    let header = json!({"alg": "ES256", "kid": "ec-1", "typ": typ}).to_string();
    let token = signer.sign_parts(&header, &claims.to_string());
    (signer, token)
}

fn logout(typ: &str, claims: &Value) -> Result<LogoutToken, TokenError> {
    let (signer, token) = signed(typ, claims);
    verifier().judge_logout(&token, NOW)?.prove(&signer.key())
}

fn order(claims: &Value) -> Result<Order, TokenError> {
    let (signer, token) = signed("JWT", claims);
    verifier().judge_order("acme", &token, NOW)?.prove(&signer.key())
}

#[test]
fn a_logout_token_tells_of_a_session_or_of_all_of_a_subject() {
    let both = logout("logout+jwt", &logout_claims()).unwrap();
    assert_eq!((both.sid().map(|sid| &**sid), both.sub().map(|sub| &**sub)), (Some("s-1"), Some("alice")));
    assert_eq!((&**both.issuer(), &**both.jti(), both.issued_at()), (ISSUER, "j-1", NOW));
    let all = logout("JWT", &with(logout_claims(), "sid", Value::Null)).unwrap();
    assert_eq!((all.sid(), all.sub().map(|sub| &**sub)), (None, Some("alice")));
    assert!(logout("Logout+JWT", &with(logout_claims(), "sub", Value::Null)).is_ok());
    assert!(logout("logout+jwt", &with(logout_claims(), "typ", Value::Null)).is_ok(), "the header says it");
    assert!(logout("logout+jwt", &with(logout_claims(), "aud", json!(["x", "gateway"]))).is_ok());
}

#[test]
fn a_logout_token_with_anything_wrong_is_none() {
    let wrong = [
        ("iss", json!("https://sso.test/realms/other"), TokenError::Issuer),
        ("aud", json!("x"), TokenError::Audience),
        ("aud", json!(null), TokenError::Audience),
        ("nonce", json!("n"), TokenError::Claim("nonce")),
        ("events", json!(null), TokenError::Claim("events")),
        ("events", json!({"x": {}}), TokenError::Claim("events")),
        ("events", json!({LOGOUT_EVENT: true}), TokenError::Claim("events")),
        ("events", json!([LOGOUT_EVENT]), TokenError::Claim("events")),
        ("typ", json!("ID"), TokenError::TokenType),
        ("iat", json!(null), TokenError::Claim("iat")),
        ("iat", json!(NOW.0 - 3600), TokenError::Lifetime),
        ("iat", json!(NOW.0 + 60), TokenError::IssuedInFuture),
        ("exp", json!(null), TokenError::Claim("exp")),
        ("exp", json!(NOW.0 + 86_400), TokenError::Lifetime),
        ("exp", json!(NOW.0 - 1), TokenError::Lifetime),
        ("jti", json!(null), TokenError::Claim("jti")),
        ("jti", json!(7), TokenError::Claim("jti")),
        ("sid", json!(["s-1"]), TokenError::Claim("sid")),
        ("sid", json!(""), TokenError::Claim("sid")),
        ("sub", json!({}), TokenError::Claim("sub")),
    ];
    for (name, value, expected) in wrong {
        let claims = with(logout_claims(), name, value.clone());
        assert_eq!(logout("logout+jwt", &claims).unwrap_err(), expected, "{name}: {value}");
    }
    let nobody = with(with(logout_claims(), "sid", Value::Null), "sub", Value::Null);
    assert_eq!(logout("logout+jwt", &nobody).unwrap_err(), TokenError::Claim("sid"));
    let old = with(with(logout_claims(), "iat", json!(NOW.0 - 200)), "exp", json!(NOW.0 - 80));
    assert_eq!(logout("logout+jwt", &old).unwrap_err(), TokenError::Expired);
    assert_eq!(logout("at+jwt", &logout_claims()).unwrap_err(), TokenError::HeaderType);
    let plain = with(logout_claims(), "typ", Value::Null);
    assert_eq!(logout("JWT", &plain).unwrap_err(), TokenError::TokenType, "nothing says it");
    let (_, token) = signed("logout+jwt", &logout_claims());
    let stranger = Signer::es256("ec-1").key();
    assert_eq!(verifier().judge_logout(&token, NOW).unwrap().prove(&stranger).unwrap_err(), TokenError::Signature);
}

#[test]
fn an_order_is_read_by_the_realm_of_its_path() {
    let all = order(&order_claims()).unwrap();
    assert_eq!((all.action(), all.not_before(), &**all.id()), (Action::Logout, Some(NOW.0 as i64), "gateway o-1"));
    let cleared = with(with(order_claims(), "action", json!("PUSH_NOT_BEFORE")), "notBefore", json!(0));
    assert_eq!(
        (order(&cleared).unwrap().action(), order(&cleared).unwrap().not_before()),
        (Action::PushNotBefore, None)
    );
    let (_, token) = signed("JWT", &order_claims());
    assert_eq!(verifier().judge_order("other", &token, NOW).unwrap_err(), TokenError::Issuer);
}

#[test]
fn an_order_with_anything_wrong_is_none() {
    let wrong = [
        ("resource", json!("x"), TokenError::Client),
        ("resource", json!(null), TokenError::Client),
        ("id", json!(null), TokenError::Claim("id")),
        ("expiration", json!(null), TokenError::Claim("expiration")),
        ("expiration", json!(NOW.0 - 60), TokenError::Expired),
        ("expiration", json!(NOW.0 + 86_400), TokenError::Lifetime),
        ("action", json!(null), TokenError::Claim("action")),
        ("action", json!("TEST_AVAILABLE"), TokenError::Claim("action")),
        ("notBefore", json!("now"), TokenError::Claim("notBefore")),
        ("notBefore", json!(-1), TokenError::Claim("notBefore")),
        ("typ", json!("Bearer"), TokenError::TokenType),
        ("iss", json!(ISSUER), TokenError::TokenType),
    ];
    for (name, value, expected) in wrong {
        assert_eq!(order(&with(order_claims(), name, value.clone())).unwrap_err(), expected, "{name}: {value}");
    }
}
