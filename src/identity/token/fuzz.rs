//! What must hold of any bytes that come as a token: nobody who fuzzes has a key, so nothing is ever proven.

use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use prometheus::Registry;

use super::{Verifier, claims, header, jws};
use crate::clock::{Clock, Timestamp};
use crate::config::Settings;
use crate::identity::keys::{IssuerKeys, Key, KeySet, KeysMetrics, Pace};

/// Takes a token apart, and bytes as header and as claims, as if they were one's; then lets the verifier judge the
/// bytes as a token, and as the lines of one: header, claims, signature.
pub(crate) fn fuzz_token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(token) = jws::UnverifiedJws::parse(&text) {
        let _ = token.header.require_access_token();
        let _ = claims::UnverifiedClaims::parse(&token.payload);
    }
    if let Ok(header) = header::Header::parse(bytes) {
        let _ = header.require_access_token();
    }
    let bench = Bench::shared();
    if let Ok(claims) = claims::UnverifiedClaims::parse(bytes) {
        let _ = claims.judge(&bench.settings.keycloak, NOW);
        let _ = claims.describe(&bench.settings.keycloak, NOW);
    }
    bench.assert_unproven(&text);
    bench.assert_unproven(&of_lines(bytes));
}

fn of_lines(bytes: &[u8]) -> String {
    let parts = bytes.splitn(3, |byte| *byte == b'\n').map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    parts.collect::<Vec<_>>().join(".")
}

/// A verifier with the key of nobody.
struct Bench {
    settings: Settings,
    verifier: Verifier,
    keys: KeySet,
}

impl Bench {
    #[expect(clippy::expect_used, reason = "without them the target would find nothing")]
    fn shared() -> &'static Self {
        static SHARED: OnceLock<Bench> = OnceLock::new();
        SHARED.get_or_init(|| Self::make().expect("the settings and the key of the fuzz target"))
    }

    fn make() -> Option<Self> {
        crate::app::install_cryptography();
        let env = |_: &str| Some("secret".to_owned());
        let (settings, _) = Settings::from_text("fuzz.toml", CONFIG, &env).ok()?;
        let keys = || KeySet::parse(KEYS, &[Algorithm::ES256]).ok();
        let issuer = settings.keycloak.clone();
        let pace = Pace::new(issuer.keys_refresh, issuer.keys_max_stale);
        let metrics = KeysMetrics::new(&Registry::new()).ok()?;
        let set = IssuerKeys::new(Arc::clone(&issuer.name), pace, Clock::system(), metrics).with(keys()?);
        Some(Self { settings, verifier: Verifier::new(vec![(issuer, Arc::new(set))]), keys: keys()? })
    }

    /// How many kinds of statements a text could be, but for its signature.
    fn assert_unproven(&self, text: &str) -> usize {
        let mut could_be = 0;
        let mut key = |kid: &str| -> Option<Arc<Key>> {
            could_be += 1;
            self.keys.find(kid).cloned()
        };
        if let Ok(candidate) = self.verifier.judge(text, NOW)
            && let Some(key) = key(candidate.kid())
        {
            assert!(candidate.prove(key).is_err(), "an access token");
        }
        if let Ok(statement) = self.verifier.judge_logout(text, NOW)
            && let Some(key) = key(statement.kid())
        {
            assert!(statement.prove(&key).is_err(), "a logout token");
        }
        if let Ok(statement) = self.verifier.judge_order("a", text, NOW)
            && let Some(key) = key(statement.kid())
        {
            assert!(statement.prove(&key).is_err(), "an order");
        }
        could_be
    }
}

const NOW: Timestamp = Timestamp(1_800_000_000);

const CONFIG: &str = r#"
server = { listen = "127.0.0.1:0" }
upstream = [{ name = "app", servers = ["http://127.0.0.1:1"] }]
route = [{ path = "/*", upstream = "app" }]
[keycloak]
name = "a"
issuer = "https://sso.test/realms/a"
audience = "a"
client_id = "a"
client_secret = { env = "S" }
algorithms = ["ES256"]
"#;

/// The public key of RFC 7515, appendix A.3.1.
const KEYS: &[u8] = br#"{"keys": [{"kid": "a", "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_reach_the_signature_as_each_kind_of_statement() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/token");
        for seed in ["access-token", "logout-token", "order"] {
            let bytes = std::fs::read(corpus.join(seed)).unwrap();
            assert_eq!(Bench::shared().assert_unproven(&of_lines(&bytes)), 1, "{seed}");
        }
    }
}
