//! From a token to a candidate that keeps every rule, and with its issuer's key to a proof.

use std::sync::Arc;

use super::TokenError;
use super::cache::Proof;
use super::claims::{UnprovenIdentity, UnverifiedClaims};
use super::jws::UnverifiedJws;
use crate::clock::Timestamp;
use crate::config::Issuer;
use crate::identity::Identity;
use crate::identity::keys::{IssuerKeys, Key};
use crate::keycloak::Introspection;

/// The issuers whose tokens are accepted, each with its rules and its keys.
#[derive(Debug)]
pub(in crate::identity) struct Verifier {
    issuers: Vec<Trusted>,
}

#[derive(Debug)]
struct Trusted {
    settings: Issuer,
    keys: Arc<IssuerKeys>,
}

/// A token that keeps every rule of the issuer that it claims; only the signature is open.
#[derive(Debug)]
pub(in crate::identity) struct Candidate<'a> {
    jws: UnverifiedJws<'a>,
    identity: UnprovenIdentity,
    keys: &'a Arc<IssuerKeys>,
}

impl Verifier {
    pub(in crate::identity) fn new(issuers: Vec<(Issuer, Arc<IssuerKeys>)>) -> Self {
        Self { issuers: issuers.into_iter().map(|(settings, keys)| Trusted { settings, keys }).collect() }
    }

    /// Judges all that needs no key: what is refused here costs no signature and no call to the issuer.
    pub(in crate::identity) fn judge<'a>(
        &'a self,
        token: &'a str,
        now: Timestamp,
    ) -> Result<Candidate<'a>, TokenError> {
        let jws = UnverifiedJws::parse(token)?;
        jws.header.require_access_token()?;
        let claims = UnverifiedClaims::parse(&jws.payload)?;
        let issuer = self.find(claims.issuer()?)?;
        if !issuer.settings.algorithms.contains(&jws.header.algorithm) {
            return Err(TokenError::Algorithm);
        }
        let identity = claims.judge(&issuer.settings, now)?;
        Ok(Candidate { jws, identity, keys: &issuer.keys })
    }

    /// Judges what an issuer of ours says of a token that only it can read.
    pub(in crate::identity) fn describe(&self, said: &Introspection, now: Timestamp) -> Result<Identity, TokenError> {
        let claims = UnverifiedClaims::parse(said.claims())?;
        claims.describe(&self.find(claims.issuer()?)?.settings, now)
    }

    pub(in crate::identity) fn keys(&self) -> impl Iterator<Item = &Arc<IssuerKeys>> {
        self.issuers.iter().map(|issuer| &issuer.keys)
    }

    fn find(&self, issuer: &str) -> Result<&Trusted, TokenError> {
        self.issuers.iter().find(|trusted| &*trusted.settings.issuer == issuer).ok_or(TokenError::Issuer)
    }
}

impl Candidate<'_> {
    pub(in crate::identity) fn kid(&self) -> &str {
        &self.jws.header.kid
    }

    pub(in crate::identity) fn keys(&self) -> &Arc<IssuerKeys> {
        self.keys
    }

    /// Verifies the signature.
    pub(in crate::identity) fn prove(self, key: Arc<Key>) -> Result<Proof, TokenError> {
        let verified = self.jws.verify(&key)?;
        let identity = Arc::new(self.identity.prove(verified));
        Ok(Proof { identity, keys: Arc::clone(self.keys), key })
    }
}
