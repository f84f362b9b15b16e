//! How Keycloak is called: one HTTP client, and the endpoints of an issuer with our client there.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Issuer;
use crate::keycloak::{ClientCredentials, Http, KeycloakMetrics, Oidc, SetupError, Timeouts};

/// The HTTP client; `SSL_CERT_FILE` names further authorities to trust.
pub fn http(metrics: KeycloakMetrics) -> Result<Http, SetupError> {
    let authorities = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    Http::new(authorities.as_deref(), Timeouts::default(), metrics)
}

/// The endpoints of an issuer, and our client there.
#[must_use]
pub fn oidc(issuer: &Issuer, http: &Arc<Http>) -> Oidc {
    let client = issuer.client.as_ref().map(|client| ClientCredentials::new(&client.id, client.secret.expose()));
    let oidc = Oidc::new(Arc::clone(http), &issuer.issuer, &issuer.url, client);
    match &issuer.client {
        Some(client) => oidc.rotating(client.secret.rotating()),
        None => oidc,
    }
}
