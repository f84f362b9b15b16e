//! One HTTP client for all calls to Keycloak: bounded in time and size, without redirects.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use http::{StatusCode, header};
use reqwest::{Certificate, Client, RequestBuilder, Response, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{KeycloakError, KeycloakMetrics, Operation};
use crate::patience;

/// The HTTP client, its limits and its metrics.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    timeouts: Timeouts,
    metrics: KeycloakMetrics,
}

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// To be connected.
    pub connect: Duration,
    /// From the start of the call to the last byte of the answer.
    pub total: Duration,
    /// The same for calls whose answer is worth more than the patience of whoever asked.
    pub patient: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(1), total: Duration::from_secs(5), patient: Duration::from_secs(30) }
    }
}

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file of further authorities cannot be read.
    #[error("cannot read the trusted authorities in {path}")]
    ReadAuthorities {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file of further authorities holds none.
    #[error("there is no certificate in {path}")]
    NoAuthorities {
        /// The file.
        path: PathBuf,
    },
    /// The file or the TLS set-up is not valid.
    #[error("cannot set up TLS")]
    Tls(#[from] reqwest::Error),
}

impl Http {
    /// A client that trusts the platform's authorities, and those in the PEM file `authorities` besides.
    ///
    /// # Errors
    /// The file cannot be read or used.
    pub fn new(authorities: Option<&Path>, timeouts: Timeouts, metrics: KeycloakMetrics) -> Result<Self, SetupError> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(timeouts.connect)
            .tls_certs_merge(further_authorities(authorities)?)
            .build()?;
        Ok(Self { client, timeouts, metrics })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes one call and reads its answer; whatever is no success is an error.
    pub(super) async fn call(&self, operation: Operation, request: RequestBuilder) -> Result<Vec<u8>, KeycloakError> {
        self.measure(operation, self.timeouts.total, request).await
    }

    /// The same, with more patience.
    pub(super) async fn call_patiently(
        &self,
        operation: Operation,
        request: RequestBuilder,
    ) -> Result<Vec<u8>, KeycloakError> {
        self.measure(operation, self.timeouts.patient, request).await
    }

    async fn measure(
        &self,
        operation: Operation,
        limit: Duration,
        request: RequestBuilder,
    ) -> Result<Vec<u8>, KeycloakError> {
        let began = Instant::now();
        let result = patience::within(limit, exchange(request)).await.unwrap_or(Err(KeycloakError::TimedOut));
        self.metrics.called(operation, began.elapsed(), &result);
        result
    }
}

async fn exchange(request: RequestBuilder) -> Result<Vec<u8>, KeycloakError> {
    let response = request.send().await.map_err(KeycloakError::transport)?;
    let status = response.status();
    if status.is_server_error() {
        return Err(KeycloakError::Unavailable { source: None, status: Some(status) });
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(KeycloakError::Busy { retry_after: retry_after(&response) });
    }
    let body = read(response).await?;
    match status {
        _ if status.is_success() => Ok(body),
        _ if status.is_client_error() => Err(refusal(status, &body)),
        _ => Err(KeycloakError::Malformed("neither success nor refusal")),
    }
}

/// Reads an answer as JSON of one type.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, KeycloakError> {
    serde_json::from_slice(body).map_err(|_| KeycloakError::Malformed("not the expected JSON"))
}

/// A key set of 256 keys with their certificates fits.
const BODY_LIMIT: usize = 512 * 1024;
const TOO_LONG: KeycloakError = KeycloakError::Malformed("longer than 512 KiB");

async fn read(mut response: Response) -> Result<Vec<u8>, KeycloakError> {
    if response.content_length().is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(TOO_LONG);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(KeycloakError::transport)? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(TOO_LONG);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

/// Keycloak has several shapes of errors; none is needed to know that it refused. But a refusal that is no JSON
/// comes from something else that answers in its place.
fn refusal(status: StatusCode, body: &[u8]) -> KeycloakError {
    #[derive(Default, Deserialize)]
    struct Shape {
        #[serde(default)]
        error: String,
        #[serde(default, alias = "errorMessage")]
        error_description: String,
    }
    match serde_json::from_slice::<Shape>(body) {
        Ok(shape) => {
            KeycloakError::Refused { status, error: plain(&shape.error), description: plain(&shape.error_description) }
        }
        Err(_) => KeycloakError::Malformed("a refusal that is not JSON"),
    }
}

/// Foreign text that may reach a log.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// With `SSL_CERT_FILE` set, the platform verifier reads that file in place of the system's; so the system's
/// bundle is merged in again.
fn further_authorities(file: Option<&Path>) -> Result<Vec<Certificate>, SetupError> {
    let Some(path) = file else { return Ok(Vec::new()) };
    let pem = std::fs::read(path).map_err(|source| SetupError::ReadAuthorities { path: path.to_owned(), source })?;
    let mut authorities = Certificate::from_pem_bundle(&pem)?;
    if authorities.is_empty() {
        return Err(SetupError::NoAuthorities { path: path.to_owned() });
    }
    for bundle in SYSTEM_BUNDLES {
        if let Ok(pem) = std::fs::read(bundle) {
            authorities.extend(Certificate::from_pem_bundle(&pem)?);
            break;
        }
    }
    Ok(authorities)
}

const SYSTEM_BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
