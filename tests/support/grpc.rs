//! An application that speaks gRPC, by the h2 crate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::server;
use http::{HeaderMap, Request, Response};
use tokio::net::TcpListener;

/// An application that answers with every message that it got, and then with trailers. It says which fields came, and
/// counts how often its health was asked for.
pub async fn echo(listener: TcpListener, checks: Arc<AtomicUsize>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let checks = Arc::clone(&checks);
        tokio::spawn(async move {
            let mut connection = server::handshake(stream).await.unwrap();
            while let Some(Ok((request, respond))) = connection.accept().await {
                checks.fetch_add(usize::from(request.uri().path() == "/healthz"), Ordering::SeqCst);
                tokio::spawn(echoed(request, respond));
            }
        });
    }
}

/// Answers one call; whether it came to its end.
pub async fn echoed(request: Request<h2::RecvStream>, mut respond: server::SendResponse<Bytes>) -> bool {
    let head = Response::builder().header("content-type", "application/grpc");
    let seen = |name: &str| request.headers().get(name).cloned().unwrap_or_else(|| http::HeaderValue::from_static("-"));
    let head = head.header("seen-subject", seen("x-auth-subject")).header("seen-te", seen("te"));
    let head = head
        .header("seen-path", request.uri().path())
        .header("seen-authority", request.uri().authority().unwrap().as_str());
    let mut answers = respond.send_response(head.body(()).unwrap(), false).unwrap();
    let mut messages = request.into_body();
    while let Some(message) = messages.data().await {
        let Ok(message) = message else { return false };
        let _ = messages.flow_control().release_capacity(message.len());
        answers.send_data(message, false).unwrap();
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    answers.send_trailers(trailers).unwrap();
    true
}
