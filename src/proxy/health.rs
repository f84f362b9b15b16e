//! Asks the servers of an upstream how they are: on connections of its own, made as those of requests are.

use std::time::Duration;

use http::Uri;
use http::header::{HOST, USER_AGENT};
use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::{Error, ErrorType};

use super::peer;
use crate::config::Health;
use crate::upstream::{Server, Upstream};

/// Checks servers.
pub struct HealthChecks {
    connector: Connector,
}

impl HealthChecks {
    /// Checks that believe the authorities in that file; in none, the system's.
    #[must_use]
    pub fn new(authorities: Option<String>) -> Self {
        let options = ConnectorOptions { ca_file: authorities, ..ConnectorOptions::new(0) };
        Self { connector: Connector::new(Some(options)) }
    }

    /// Checks every server of an upstream again and again, where its settings ask for it.
    pub async fn run(&self, upstream: &Upstream) {
        let Some(health) = &upstream.settings().health else { return };
        loop {
            let servers = upstream.servers();
            let checks = servers.iter().map(|server| async move {
                upstream.checked(server, health, self.is_well(upstream, server, health).await);
            });
            futures_util::future::join_all(checks).await;
            tokio::time::sleep(health.interval).await;
        }
    }

    async fn is_well(&self, upstream: &Upstream, server: &Server, health: &Health) -> bool {
        let asked = tokio::time::timeout(health.timeout, self.ask(upstream, server, &health.path, health.timeout));
        matches!(asked.await, Ok(Ok(true)))
    }

    /// Whether the answer is a 2xx. The connection is not kept: whether one can be made is half of the question.
    async fn ask(&self, upstream: &Upstream, server: &Server, path: &str, timeout: Duration) -> pingora::Result<bool> {
        let (mut session, _) = self.connector.get_http_session(&peer::of(upstream, server, timeout)).await?;
        if upstream.settings().http2 && session.as_http2().is_none() {
            return Error::e_explain(ErrorType::HandshakeError, "the server does not speak HTTP/2");
        }
        let mut request = RequestHeader::build("GET", path.as_bytes(), None)?;
        if upstream.settings().http2 {
            // HTTP/2 says scheme and authority in the target.
            request.set_uri(target(server, path)?);
        } else {
            request.insert_header(HOST, server.host())?;
        }
        request.insert_header(USER_AGENT, "doorward-health")?;
        session.write_request_header(Box::new(request)).await?;
        session.finish_request_body().await?;
        session.read_response_header().await?;
        let well = session.response_header().is_some_and(|response| response.status.is_success());
        session.shutdown().await;
        Ok(well)
    }
}

fn target(server: &Server, path: &str) -> pingora::Result<Uri> {
    let scheme = if server.url().tls { "https" } else { "http" };
    let uri = Uri::builder().scheme(scheme).authority(server.host().as_bytes()).path_and_query(path).build();
    uri.map_err(|cause| Error::because(ErrorType::InvalidHTTPHeader, "the target of a health check", cause))
}
