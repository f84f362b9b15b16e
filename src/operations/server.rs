//! The listener for operators.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tracing::warn;

use super::Health;

/// Answers operators and their machines.
pub struct Operations {
    listener: TcpListener,
    health: Health,
    places: Arc<Semaphore>,
}

impl Operations {
    /// Serves on a listener that is open already.
    #[must_use]
    pub fn new(listener: TcpListener, health: Health) -> Self {
        Self { listener, health, places: Arc::new(Semaphore::new(MAX_CONNECTIONS)) }
    }

    /// Serves until it is dropped.
    pub async fn serve(&self) {
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    warn!(%error, "the operations listener cannot accept");
                    tokio::time::sleep(AFTER_ERROR).await;
                    continue;
                }
            };
            // Over the cap a connection is closed at once: whoever scrapes comes again.
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                let health = self.health.clone();
                tokio::spawn(async move {
                    let _place = place;
                    converse(stream, health).await;
                });
            }
        }
    }
}

async fn converse(stream: TcpStream, health: Health) {
    let service = service_fn(move |request| {
        let response = answer(&request, &health);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    // A broken connection of a prober is not an event.
    let _ = tokio::time::timeout(CONNECTION_TIME, connection).await;
}

fn answer(request: &Request<Incoming>, health: &Health) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET or HEAD\n");
    }
    match request.uri().path() {
        "/livez" => text(StatusCode::OK, "text/plain", "alive\n"),
        "/readyz" => {
            let readiness = health.readiness();
            let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            text(status, "application/json", serde_json::to_string(&readiness).unwrap_or_default())
        }
        "/metrics" => match health.scrape() {
            Ok(metrics) => text(StatusCode::OK, "text/plain; version=0.0.4", metrics),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "the metrics cannot be gathered\n"),
        },
        _ => text(StatusCode::NOT_FOUND, "text/plain", "/livez /readyz /metrics\n"),
    }
}

fn text(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const MAX_CONNECTIONS: usize = 64;
const AFTER_ERROR: Duration = Duration::from_millis(100);
const HEADER_TIME: Duration = Duration::from_secs(5);
const CONNECTION_TIME: Duration = Duration::from_secs(300);
