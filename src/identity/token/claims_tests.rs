use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::identity::testing;

const NOW: Timestamp = testing::NOW;

fn judge(claims: &Value) -> Result<Identity, TokenError> {
    let payload = claims.to_string();
    judge_text(&payload)
}

fn judge_text(payload: &str) -> Result<Identity, TokenError> {
    let claims = UnverifiedClaims::parse(payload.as_bytes())?;
    let issuer = testing::issuer();
    if claims.issuer()? != &*issuer.issuer {
        return Err(TokenError::Issuer);
    }
    claims.judge(&issuer, NOW).map(|unproven| unproven.0)
}

fn with(name: &str, value: Value) -> Result<Identity, TokenError> {
    let mut claims = testing::claims();
    claims[name] = value;
    judge(&claims)
}

/// Writes a claim as raw JSON text, for what `serde_json::Value` cannot hold.
fn with_raw(name: &str, raw: &str) -> Result<Identity, TokenError> {
    let mut claims = testing::claims();
    claims[name] = json!("@@");
    judge_text(&claims.to_string().replace("\"@@\"", raw))
}

fn without(name: &str) -> Result<Identity, TokenError> {
    let mut claims = testing::claims();
    claims.as_object_mut().unwrap().remove(name);
    judge(&claims)
}

#[test]
fn the_claims_become_an_identity() {
    let identity = judge(&testing::claims()).unwrap();
    assert_eq!(&**identity.subject().issuer(), testing::ISSUER);
    assert_eq!(&**identity.subject().sub(), "alice");
    assert_eq!(identity.client().map(|c| &**c), Some("gateway"));
    assert_eq!(identity.scopes(), ["openid", "profile"]);
    assert_eq!(identity.sid().map(|s| &**s), Some("sid-1"));
    assert_eq!(identity.jti().map(|j| &**j), Some("jti-1"));
    assert_eq!(identity.issued_at(), Timestamp(NOW.0 - 5));
    assert_eq!((identity.ends_at(), identity.expires_at()), (Timestamp(NOW.0 + 300), Timestamp(NOW.0 + 305)));
    assert_eq!(identity.acr(), Some("1"));
    assert_eq!(identity.issuer_roles(), ["user"]);
    assert_eq!(identity.profile().username.as_deref(), Some("alice"));
    assert!(identity.profile().email_verified);
}

#[test]
fn the_audience_must_be_ours() {
    assert_eq!(with("aud", json!(["account", "gateway-api"])).unwrap().audiences(), ["account", "gateway-api"]);
    for aud in [
        json!("billing-api"),
        json!(["account"]),
        json!(""),
        json!("gateway"),
        json!("gateway-api-evil"),
        json!("account gateway-api"),
        json!(null),
        json!({"gateway-api": true}),
        json!([["gateway-api"]]),
        json!([1, "gateway-api"]),
        json!("*"),
        json!([]),
        json!("GATEWAY-API"),
    ] {
        assert_eq!(with("aud", aud.clone()).unwrap_err(), TokenError::Audience, "{aud}");
    }
    assert_eq!(without("aud").unwrap_err(), TokenError::Audience);
}

#[test]
fn the_issuer_must_be_a_text() {
    for iss in
        [json!(1), json!(null), json!({}), json!([testing::ISSUER]), json!(["https://evil.test", testing::ISSUER])]
    {
        assert_eq!(with("iss", iss.clone()).unwrap_err(), TokenError::Issuer, "{iss}");
    }
    assert_eq!(without("iss").unwrap_err(), TokenError::Issuer);
}

#[test]
fn the_client_must_be_allowed() {
    for azp in [json!("spa"), json!(["gateway"]), json!(null), json!("Gateway"), json!("")] {
        assert_eq!(with("azp", azp.clone()).unwrap_err(), TokenError::Client, "{azp}");
    }
    assert_eq!(without("azp").unwrap_err(), TokenError::Client);
}

#[test]
fn only_access_tokens_are_taken() {
    for typ in ["ID", "Refresh", "Offline", "Logout", "RegistrationAccessToken", "DPoP", "bearer", ""] {
        assert_eq!(with("typ", json!(typ)).unwrap_err(), TokenError::TokenType, "{typ}");
    }
    assert_eq!(without("typ").unwrap_err(), TokenError::TokenType);
    assert_eq!(with("cnf", json!({"jkt": "x"})).unwrap_err(), TokenError::Bound);
    assert_eq!(with("cnf", json!(null)).unwrap_err(), TokenError::Bound);
    assert_eq!(with("events", json!({})).unwrap_err(), TokenError::Event);
}

#[test]
fn the_subject_must_be_readable() {
    let long = "s".repeat(256);
    for sub in ["", " alice ", "alice\r\nX-User-Roles: admin", "alice\0bob", "\u{7f}", "\u{85}alice", &long] {
        assert_eq!(with("sub", json!(sub)).unwrap_err(), TokenError::Subject, "{sub:?}");
    }
    for sub in [json!(7), json!(null), json!(["alice"])] {
        assert_eq!(with("sub", sub.clone()).unwrap_err(), TokenError::Subject, "{sub}");
    }
    assert_eq!(without("sub").unwrap_err(), TokenError::Subject);
    assert!(with("sub", json!("s".repeat(255))).is_ok());
}

#[test]
fn a_token_ends_with_exp_and_leeway() {
    let now = NOW.0;
    assert!(with("exp", json!(now - 3)).is_ok());
    assert!(with_raw("exp", &format!("{}.5", now + 300)).is_ok());
    assert_eq!(with("exp", json!(now - 5)).unwrap_err(), TokenError::Expired);
    let mut old = testing::claims();
    old["iat"] = json!(now - 7200);
    old["exp"] = json!(now - 3600);
    assert_eq!(judge(&old).unwrap_err(), TokenError::Expired);
    assert_eq!(without("exp").unwrap_err(), TokenError::Claim("exp"));
    for exp in ["\"2099-01-01T00:00:00Z\"", "true", "null", "[9999999999]", "{}", "\"\"", "-1", "1e300"] {
        assert_eq!(with_raw("exp", exp).unwrap_err(), TokenError::Claim("exp"), "{exp}");
    }
    assert_eq!(with_raw("exp", "1e400").unwrap_err(), TokenError::PayloadJson);
}

#[test]
fn no_token_lives_longer_than_allowed() {
    let now = NOW.0;
    for exp in [1_000_000_000_000_000_000, (now + 300) * 1000, u64::MAX, now + 86_400] {
        assert_eq!(with("exp", json!(exp)).unwrap_err(), TokenError::Lifetime, "{exp}");
    }
    assert!(with("exp", json!(now - 5 + 86_400)).is_ok());
    let mut old = testing::claims();
    old["iat"] = json!(now - 200_000);
    old["exp"] = json!(now + 200_000);
    assert_eq!(judge(&old).unwrap_err(), TokenError::Lifetime);
    old["iat"] = json!(now);
    old["exp"] = json!(now - 1);
    assert_eq!(judge(&old).unwrap_err(), TokenError::Lifetime);
}

#[test]
fn nothing_comes_from_the_future() {
    let now = NOW.0;
    assert!(with("iat", json!(now + 5)).is_ok());
    assert_eq!(with("iat", json!(now + 600)).unwrap_err(), TokenError::IssuedInFuture);
    assert_eq!(with("iat", json!(253_402_300_799_u64)).unwrap_err(), TokenError::IssuedInFuture);
    assert_eq!(with("iat", json!(-5)).unwrap_err(), TokenError::Claim("iat"));
    assert_eq!(with("iat", json!(now.to_string())).unwrap_err(), TokenError::Claim("iat"));
    assert_eq!(without("iat").unwrap_err(), TokenError::Claim("iat"));
    assert!(with("nbf", json!(now + 5)).is_ok());
    assert_eq!(with("nbf", json!(now + 65)).unwrap_err(), TokenError::NotYetValid);
    assert_eq!(with("nbf", json!(253_402_300_799_u64)).unwrap_err(), TokenError::NotYetValid);
    assert_eq!(with("nbf", json!("soon")).unwrap_err(), TokenError::Claim("nbf"));
}

#[test]
fn arithmetic_at_the_end_of_time_does_not_overflow() {
    let mut issuer = testing::issuer();
    issuer.max_lifetime = Duration::MAX;
    issuer.leeway = Duration::MAX;
    let mut claims = testing::claims();
    claims["exp"] = json!(u64::MAX);
    let payload = claims.to_string();
    let identity = UnverifiedClaims::parse(payload.as_bytes()).unwrap().judge(&issuer, NOW).unwrap().0;
    assert_eq!(identity.expires_at(), Timestamp(u64::MAX));
}

#[test]
fn claims_that_revocation_needs_must_have_their_form() {
    for name in ["sid", "jti", "acr"] {
        assert_eq!(with(name, json!(7)).unwrap_err(), TokenError::Claim(name));
        assert_eq!(with(name, json!("")).unwrap_err(), TokenError::Claim(name));
        assert!(without(name).is_ok());
    }
    assert_eq!(with("scope", json!(["a"])).unwrap_err(), TokenError::Claim("scope"));
    assert!(with("scope", json!("")).unwrap().scopes().is_empty());
    assert_eq!(with("scope", json!("a  b")).unwrap().scopes(), ["a", "b"]);
    assert_eq!(with("auth_time", json!("x")).unwrap_err(), TokenError::Claim("auth_time"));
}

#[test]
fn duplicate_claims_are_refused() {
    for twice in ["sub", "aud", "iss", "realm_access", "unknown"] {
        let mut claims = testing::claims();
        claims["unknown"] = json!(1);
        let value = claims[twice].to_string();
        let text = claims.to_string();
        let text = format!("{},\"{twice}\":{value}}}", text.strip_suffix('}').unwrap());
        assert_eq!(judge_text(&text).unwrap_err(), TokenError::PayloadJson, "{twice}");
    }
}
