//! From a bearer token to the identity that it proves.

mod cache;
mod claims;
mod error;
mod header;
mod json;
mod jws;
mod metrics;
mod roles;
mod verifier;

pub(in crate::identity) use cache::{Proof, ProofCache, TokenDigest};
pub use error::TokenError;
pub(in crate::identity) use jws::LENGTH_LIMIT;
pub use metrics::TokenMetrics;
pub(in crate::identity) use verifier::Verifier;

#[cfg(test)]
mod wycheproof_tests;

/// Takes a token apart, and bytes as header and as claims, as if they were one's.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz_token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(token) = jws::UnverifiedJws::parse(&text) {
        let _ = token.header.require_access_token();
        let _ = claims::UnverifiedClaims::parse(&token.payload);
    }
    if let Ok(header) = header::Header::parse(bytes) {
        let _ = header.require_access_token();
    }
    let env = |_: &str| Some("secret".to_owned());
    let Ok((settings, _)) = crate::config::Settings::from_text("fuzz.toml", FUZZ_CONFIG, &env) else { return };
    if let Ok(claims) = claims::UnverifiedClaims::parse(bytes) {
        let now = crate::clock::Timestamp(1_800_000_000);
        let _ = claims.judge(&settings.keycloak, now);
        let _ = claims.describe(&settings.keycloak, now);
    }
}

#[cfg(any(test, fuzzing))]
const FUZZ_CONFIG: &str = r#"
server = { listen = "127.0.0.1:0" }
keycloak = { issuer = "https://sso.test/realms/a", audience = "a", client_id = "a", client_secret = { env = "S" } }
upstream = [{ name = "app", servers = ["http://127.0.0.1:1"] }]
route = [{ path = "/*", upstream = "app" }]
"#;
