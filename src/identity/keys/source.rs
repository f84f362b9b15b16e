//! Where an issuer's keys come from: its discovery document once, then its JWKS.

use std::sync::Arc;

use jsonwebtoken::Algorithm;
use url::Url;

use super::{KeySet, KeySetError};
use crate::config::Issuer;
use crate::keycloak::{KeycloakError, Oidc};

/// Reads the keys of one issuer.
#[derive(Debug)]
pub struct KeySource {
    oidc: Arc<Oidc>,
    issuer: Arc<str>,
    algorithms: Vec<Algorithm>,
    /// From a discovery document that was found right; read again after a failure.
    jwks_uri: Option<Url>,
}

/// Why keys were not read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The call failed.
    #[error("the call to the issuer failed")]
    Call(#[from] KeycloakError),
    /// The discovery document is of somebody else (OpenID Connect Discovery §4.3).
    #[error("the discovery document names the issuer {found:?}")]
    WrongIssuer {
        /// What it says.
        found: String,
    },
    /// An `https` issuer that points to plain `http` for its keys.
    #[error("the issuer has its keys at an address that is not https")]
    InsecureAddress,
    /// The answer is no key set.
    #[error("the key set is refused")]
    KeySet(#[from] KeySetError),
}

impl FetchError {
    /// The name of the outcome in logs and metrics.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Call(error) => error.outcome(),
            Self::WrongIssuer { .. } => "wrong-issuer",
            Self::InsecureAddress => "insecure-address",
            Self::KeySet(KeySetError::Malformed(_)) => "malformed",
            Self::KeySet(KeySetError::TooMany { .. }) => "too-many-keys",
        }
    }
}

impl KeySource {
    /// The keys of `issuer`, read through `oidc`.
    #[must_use]
    pub fn new(issuer: &Issuer, oidc: Arc<Oidc>) -> Self {
        Self { oidc, issuer: issuer.issuer.clone(), algorithms: issuer.algorithms.clone(), jwks_uri: None }
    }

    /// Reads the keys now.
    ///
    /// # Errors
    /// The issuer cannot be reached or does not answer as it must.
    pub async fn fetch(&mut self) -> Result<KeySet, FetchError> {
        let jwks_uri = match self.jwks_uri.take() {
            Some(known) => known,
            None => self.discover().await?,
        };
        let text = self.oidc.certs(&jwks_uri).await?;
        let set = KeySet::parse(&text, &self.algorithms)?;
        self.jwks_uri = Some(jwks_uri);
        Ok(set)
    }

    async fn discover(&self) -> Result<Url, FetchError> {
        let discovery = self.oidc.discovery().await?;
        if discovery.issuer != *self.issuer {
            return Err(FetchError::WrongIssuer { found: discovery.issuer });
        }
        match self.oidc.internal_certs() {
            Some(inside) => Ok(inside),
            None => secure(&self.issuer, discovery.jwks_uri),
        }
    }
}

fn secure(issuer: &str, jwks_uri: Url) -> Result<Url, FetchError> {
    let downgraded = issuer.starts_with("https://") && jwks_uri.scheme() != "https";
    if downgraded { Err(FetchError::InsecureAddress) } else { Ok(jwks_uri) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_https_issuer_cannot_have_its_keys_at_plain_http() {
        let at = |text: &str| Url::parse(text).unwrap();
        for bad in ["http://sso.test/certs", "http://127.0.0.1:18099/jwks", "file:///etc/passwd"] {
            assert!(matches!(secure("https://sso.test", at(bad)), Err(FetchError::InsecureAddress)), "{bad}");
        }
        assert!(secure("https://sso.test", at("https://keys.test/certs")).is_ok());
        assert!(secure("http://127.0.0.1:8180", at("http://127.0.0.1:8180/certs")).is_ok());
    }
}
