//! From a payload to an identity that only a verified signature is missing from.

use std::fmt;
use std::sync::Arc;

use super::TokenError;
use super::json::{Json, Object};
use super::jws::Verified;
use super::roles;
use crate::clock::Timestamp;
use crate::config::Issuer;
use crate::identity::{Identity, Profile, Subject};

/// The claims of a token whose signature nobody has verified yet.
pub(super) struct UnverifiedClaims<'a>(Object<'a>);

/// Without what is personal or secret.
impl fmt::Debug for UnverifiedClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedClaims(…)")
    }
}

/// What the claims say, all rules kept, the signature aside.
#[derive(Debug)]
pub(super) struct UnprovenIdentity(Identity);

impl UnprovenIdentity {
    /// The identity, given the evidence that the claims are the issuer's.
    pub(super) fn prove(self, _: Verified) -> Identity {
        self.0
    }
}

impl<'a> UnverifiedClaims<'a> {
    /// Reads a decoded payload.
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, TokenError> {
        Object::parse(payload).map(Self).map_err(|_| TokenError::PayloadJson)
    }

    /// The issuer that the token claims to be of: it chooses the rules and keys, and proves nothing. A list that
    /// holds ours is no text and is refused (RFC 7519 §4.1.1).
    pub(super) fn issuer(&self) -> Result<&str, TokenError> {
        self.0.text("iss").ok_or(TokenError::Issuer)
    }

    /// Judges the claims by the rules of their issuer.
    pub(super) fn judge(&self, issuer: &Issuer, now: Timestamp) -> Result<UnprovenIdentity, TokenError> {
        self.require_access_token()?;
        let audiences = self.audiences(&issuer.audience)?;
        let client = self.client(&issuer.allowed_clients)?;
        let sub = self.sub()?;
        let (issued_at, ends_at) = self.lifetime(issuer, now)?;
        Ok(UnprovenIdentity(Identity {
            subject: Subject::new(issuer.issuer.clone(), sub.into()),
            client: Some(client.into()),
            audiences,
            scopes: self.scopes()?,
            sid: self.identifier("sid")?.map(Arc::from),
            jti: self.identifier("jti")?.map(Arc::from),
            issued_at,
            ends_at,
            expires_at: ends_at.plus(issuer.leeway),
            auth_time: self.time("auth_time")?,
            acr: self.identifier("acr")?.map(str::to_owned),
            issuer_roles: roles::granted(&self.0, &issuer.roles),
            profile: self.profile(),
        }))
    }

    /// Judges what the issuer says of one of our client's refresh tokens. That it is genuine and alive the issuer has
    /// said; how long it may live is the issuer's affair.
    pub(super) fn describe(&self, issuer: &Issuer, now: Timestamp) -> Result<Identity, TokenError> {
        if self.0.text("typ") != Some("Refresh") {
            return Err(TokenError::TokenType);
        }
        let ours = issuer.client.as_ref().map(|client| client.id.as_str());
        let client = self.0.text("client_id").filter(|client| Some(*client) == ours).ok_or(TokenError::Client)?;
        let ends_at = self.time("exp")?.ok_or(TokenError::Claim("exp"))?;
        if now >= ends_at {
            return Err(TokenError::Expired);
        }
        Ok(Identity {
            subject: Subject::new(issuer.issuer.clone(), self.sub()?.into()),
            client: Some(client.into()),
            audiences: Vec::new(),
            scopes: self.scopes()?,
            sid: self.identifier("sid")?.map(Arc::from),
            jti: self.identifier("jti")?.map(Arc::from),
            issued_at: self.time("iat")?.ok_or(TokenError::Claim("iat"))?,
            ends_at,
            expires_at: ends_at,
            auth_time: self.time("auth_time")?,
            acr: self.identifier("acr")?.map(str::to_owned),
            issuer_roles: roles::granted(&self.0, &issuer.roles),
            profile: self.profile(),
        })
    }

    /// Keycloak gives its ID tokens the same key, issuer, audience and client; only `typ` tells them apart.
    fn require_access_token(&self) -> Result<(), TokenError> {
        if self.0.find("cnf").is_some() {
            return Err(TokenError::Bound);
        }
        if self.0.find("events").is_some() {
            return Err(TokenError::Event);
        }
        match self.0.text("typ") {
            Some("Bearer") => Ok(()),
            _ => Err(TokenError::TokenType),
        }
    }

    /// A text or a list of texts (RFC 7519 §4.1.3); one value of another type spoils the whole list.
    fn audiences(&self, ours: &str) -> Result<Vec<String>, TokenError> {
        let audiences: Vec<String> = match self.0.find("aud") {
            Some(Json::Text(one)) => vec![one.clone().into_owned()],
            Some(Json::List(many)) => {
                let texts: Option<Vec<_>> = many.iter().map(|item| item.as_text().map(str::to_owned)).collect();
                texts.ok_or(TokenError::Audience)?
            }
            _ => return Err(TokenError::Audience),
        };
        if audiences.iter().any(|audience| audience == ours) { Ok(audiences) } else { Err(TokenError::Audience) }
    }

    fn client(&self, allowed: &[String]) -> Result<&str, TokenError> {
        let client = self.0.text("azp").ok_or(TokenError::Client)?;
        if allowed.iter().any(|name| name == client) { Ok(client) } else { Err(TokenError::Client) }
    }

    fn sub(&self) -> Result<&str, TokenError> {
        self.0.text("sub").filter(|sub| is_identifier(sub)).ok_or(TokenError::Subject)
    }

    /// `iat` and `exp`. A token older than the longest life is refused by `exp` or by its life.
    fn lifetime(&self, issuer: &Issuer, now: Timestamp) -> Result<(Timestamp, Timestamp), TokenError> {
        let issued_at = self.time("iat")?.ok_or(TokenError::Claim("iat"))?;
        let expires_at = self.time("exp")?.ok_or(TokenError::Claim("exp"))?;
        let latest = now.plus(issuer.leeway);
        if issued_at > latest {
            return Err(TokenError::IssuedInFuture);
        }
        if self.time("nbf")?.is_some_and(|not_before| not_before > latest) {
            return Err(TokenError::NotYetValid);
        }
        if expires_at < issued_at || expires_at.since(issued_at) > issuer.max_lifetime {
            return Err(TokenError::Lifetime);
        }
        if now >= expires_at.plus(issuer.leeway) { Err(TokenError::Expired) } else { Ok((issued_at, expires_at)) }
    }

    /// A `NumericDate` (RFC 7519 §2), which may hold a fraction; the fraction is cut off.
    fn time(&self, name: &'static str) -> Result<Option<Timestamp>, TokenError> {
        match self.0.find(name) {
            None => Ok(None),
            Some(Json::Whole(seconds)) => Ok(Some(Timestamp(*seconds))),
            Some(Json::Number(seconds)) if (0.0..WHOLE_LIMIT).contains(seconds) => Ok(Some(Timestamp(whole(*seconds)))),
            Some(_) => Err(TokenError::Claim(name)),
        }
    }

    /// Granted scopes, one space apart (RFC 6749 §3.3).
    fn scopes(&self) -> Result<Vec<String>, TokenError> {
        match self.0.find("scope") {
            None => Ok(Vec::new()),
            Some(Json::Text(text)) => {
                Ok(text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect())
            }
            Some(_) => Err(TokenError::Claim("scope")),
        }
    }

    /// A claim that revocation or policy looks at: a form that it cannot have is refused, not overlooked.
    fn identifier(&self, name: &'static str) -> Result<Option<&str>, TokenError> {
        match self.0.find(name) {
            None => Ok(None),
            Some(Json::Text(text)) if is_identifier(text) => Ok(Some(text)),
            Some(_) => Err(TokenError::Claim(name)),
        }
    }

    /// No decision rests on the profile, so what is not a text is left out.
    fn profile(&self) -> Profile {
        let text = |name| self.0.text(name).map(str::to_owned);
        Profile {
            username: text("preferred_username"),
            email: text("email"),
            email_verified: self.0.find("email_verified") == Some(&Json::Bool(true)),
            first_name: text("given_name"),
            last_name: text("family_name"),
        }
    }
}

/// Below this a float counts every second exactly.
const WHOLE_LIMIT: f64 = 9_007_199_254_740_992.0;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the caller holds it within 0..2^53")]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}

const IDENTIFIER_LIMIT: usize = 255;

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= IDENTIFIER_LIMIT
        && text.trim() == text
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
