//! A refresh token before Keycloak has judged it. Only Keycloak can verify it: what it says of itself serves to refuse
//! what cannot be good, and is believed after Keycloak took the token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::keycloak::Oidc;

/// A refresh token that claims to be of our realm and client.
pub(super) struct UnverifiedRefreshToken {
    text: String,
    claims: Claims,
}

/// What tells one refresh token from another; shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RefreshTokenDigest([u8; 32]);

/// Why a token cannot be a refresh token of ours that is any good, whoever signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignRefreshToken {
    /// Not a signed token, longer than any, or one of another kind: an access token, an ID token, an offline token.
    #[error("it is no refresh token")]
    Kind,
    /// Of another issuer.
    #[error("it is a refresh token of another issuer")]
    Issuer,
    /// Issued to another client.
    #[error("it is a refresh token of another client")]
    Client,
    /// Its time is over.
    #[error("the refresh token has expired")]
    Expired,
}

#[derive(Deserialize)]
struct Claims {
    typ: String,
    iss: String,
    azp: String,
    sub: Arc<str>,
    sid: Option<Arc<str>>,
    iat: Option<u64>,
    exp: Option<u64>,
}

#[cfg(test)]
impl RefreshTokenDigest {
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl UnverifiedRefreshToken {
    /// Whether a text says of itself that it is a refresh token; such a token only Keycloak can judge.
    pub(super) fn is_meant_by(text: &str) -> bool {
        claims(text).is_some_and(|claims| claims.typ == "Refresh")
    }

    /// Reads what the token says of itself.
    pub(super) fn read(text: String, oidc: &Oidc) -> Result<Self, ForeignRefreshToken> {
        let claims = claims(&text).filter(|claims| claims.typ == "Refresh").ok_or(ForeignRefreshToken::Kind)?;
        if claims.iss != oidc.issuer() {
            return Err(ForeignRefreshToken::Issuer);
        }
        // Without a client of ours there is no call either; that is told by whoever tries to make it.
        if oidc.credentials().is_some_and(|ours| ours.id() != claims.azp) {
            return Err(ForeignRefreshToken::Client);
        }
        Ok(Self { text, claims })
    }

    /// The token, if it is not over by any clock, so that asking for new ones would be in vain. It may still end its
    /// session.
    pub(super) fn in_time(self, now: Timestamp) -> Result<Self, ForeignRefreshToken> {
        match self.claims.exp {
            Some(exp) if exp > 0 && Timestamp(exp).plus(CLOCKS_APART) <= now => Err(ForeignRefreshToken::Expired),
            Some(_) | None => Ok(self),
        }
    }

    /// The text, for Keycloak.
    pub(super) fn expose(&self) -> &str {
        &self.text
    }

    /// Its digest.
    pub(super) fn digest(&self) -> RefreshTokenDigest {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, self.text.as_bytes()).as_ref());
        RefreshTokenDigest(bytes)
    }

    /// The session that it names: true only once Keycloak has taken the token.
    pub(super) fn sid(&self) -> Option<&Arc<str>> {
        self.claims.sid.as_ref()
    }

    /// The subject that it names: true only once Keycloak has taken the token.
    pub(super) fn sub(&self) -> &Arc<str> {
        &self.claims.sub
    }

    /// When it was issued, likewise.
    pub(super) fn issued_at(&self) -> Option<Timestamp> {
        self.claims.iat.map(Timestamp)
    }
}

impl fmt::Debug for UnverifiedRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedRefreshToken(…)")
    }
}

/// The payload of a signed token (RFC 7515 §7.1).
fn claims(text: &str) -> Option<Claims> {
    if text.len() > LONGEST {
        return None;
    }
    let mut parts = text.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Of Keycloak they are about a thousand bytes.
const LONGEST: usize = 16 * 1024;
const CLOCKS_APART: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::keycloak::testing::http;
    use crate::keycloak::{ClientCredentials, Oidc};

    fn oidc() -> Oidc {
        let client = ClientCredentials::new("doorward", "secret");
        Oidc::new(Arc::new(http()), ISSUER, &ISSUER.parse().unwrap(), Some(client))
    }

    fn token(member: &str, value: Value) -> String {
        let mut claims = json!({ "typ": "Refresh", "iss": ISSUER, "azp": "doorward", "sub": "alice", "sid": "s" });
        claims[member] = value;
        format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn only_a_refresh_token_of_our_realm_and_client_goes_to_keycloak() {
        let read = |text: String| UnverifiedRefreshToken::read(text, &oidc()).map(|token| token.sid().cloned());
        assert_eq!(read(token("x", json!(1))), Ok(Some("s".into())));
        assert_eq!(read(token("x", json!("x".repeat(10_000)))), Ok(Some("s".into())));
        for (member, value, error) in [
            ("typ", json!("Bearer"), ForeignRefreshToken::Kind),
            ("typ", json!("Offline"), ForeignRefreshToken::Kind),
            ("typ", json!(null), ForeignRefreshToken::Kind),
            ("sub", json!(7), ForeignRefreshToken::Kind),
            ("iss", json!("https://sso.test/realms/other"), ForeignRefreshToken::Issuer),
            ("azp", json!("spa"), ForeignRefreshToken::Client),
            ("exp", json!("never"), ForeignRefreshToken::Kind),
            ("x", json!("x".repeat(LONGEST)), ForeignRefreshToken::Kind),
        ] {
            assert_eq!(read(token(member, value)), Err(error), "{member}");
        }
        for text in ["", "a.b", "a.b.c", "a.b.c.d"] {
            assert_eq!(read(text.into()), Err(ForeignRefreshToken::Kind), "{text}");
        }
    }

    #[test]
    fn what_is_over_by_any_clock_is_not_refreshed() {
        let now = Timestamp(1_800_000_000);
        let in_time = |exp: Value| {
            let token = UnverifiedRefreshToken::read(token("exp", exp), &oidc()).unwrap();
            token.in_time(now).map(drop)
        };
        for exp in [json!(null), json!(0), json!(now.0), json!(now.0 - 59)] {
            assert_eq!(in_time(exp.clone()), Ok(()), "{exp}");
        }
        assert_eq!(in_time(json!(now.0 - 60)), Err(ForeignRefreshToken::Expired));
    }

    #[test]
    fn it_never_shows_itself() {
        let text = token("x", json!(1));
        let shown = format!("{:?}", UnverifiedRefreshToken::read(text.clone(), &oidc()));
        assert!(!shown.contains(&text) && !shown.contains("alice"));
    }

    const ISSUER: &str = "https://sso.test/realms/acme";
}
