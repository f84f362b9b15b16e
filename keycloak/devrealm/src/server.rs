//! Connections into calls, and answers back onto the wire, with the faults that a test asked for in between.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::faults::Fault;
use crate::inner::Inner;
use crate::payload::Payload;
use crate::routes;

/// Serves until it is dropped; the connections end with it.
pub(crate) async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => drop(connections.spawn(converse(stream, peer, Arc::clone(&inner)))),
                // Out of file descriptors: wait for one to be given back.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, inner: Arc<Inner>) {
    let service = service_fn(|request| exchange(request, peer, Arc::clone(&inner)));
    // An error here is a client that went away or a fault that was asked for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Why a connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed the connection without an answer")]
struct Closed;

async fn exchange(
    request: Request<Incoming>,
    peer: SocketAddr,
    inner: Arc<Inner>,
) -> Result<Response<Payload>, Closed> {
    let endpoint = Endpoint::of(request.uri().path());
    inner.counts.endpoint(endpoint);
    match inner.faults.take(endpoint) {
        None => Ok(whole(answer(request, peer, &inner).await)),
        Some(fault) => faulty(fault, request, peer, &inner).await,
    }
}

async fn faulty(
    fault: Fault,
    request: Request<Incoming>,
    peer: SocketAddr,
    inner: &Arc<Inner>,
) -> Result<Response<Payload>, Closed> {
    match fault {
        Fault::Slow(wait) => {
            tokio::time::sleep(wait).await;
            Ok(whole(answer(request, peer, inner).await))
        }
        Fault::Late(wait) => {
            let answer = answer(request, peer, inner).await;
            tokio::time::sleep(wait).await;
            Ok(whole(answer))
        }
        Fault::Hang => std::future::pending().await,
        Fault::Refuse => Err(Closed),
        Fault::Status(status) => {
            Ok(whole(Answer::oauth(status, "unknown_error", "For more on this error consult the server log.")))
        }
        Fault::Rubbish => Ok(whole(Answer::bytes(200, "text/html;charset=utf-8", RUBBISH))),
        Fault::Cut => {
            let answer = answer(request, peer, inner).await;
            let payload = Payload::cut(&answer.body);
            Ok(response(answer, payload))
        }
        Fault::Huge => {
            let answer = answer(request, peer, inner).await;
            let body = [vec![b' '; HUGE_BYTES], answer.body.to_vec()].concat();
            Ok(response(answer, Payload::whole(body.into())))
        }
        Fault::Body { status, content_type, body } => Ok(whole(Answer::bytes(status, &content_type, body))),
    }
}

async fn answer(request: Request<Incoming>, peer: SocketAddr, inner: &Arc<Inner>) -> Answer {
    let (head, body) = request.into_parts();
    match Limited::new(body, MOST_BODY_BYTES).collect().await {
        Ok(body) => {
            let body = body.to_bytes();
            let call = Call { method: head.method, uri: head.uri, headers: head.headers, body, peer: peer.ip() };
            routes::answer(inner, &call).await
        }
        Err(_) => Answer::empty(413),
    }
}

fn whole(answer: Answer) -> Response<Payload> {
    let payload = Payload::whole(answer.body.clone());
    response(answer, payload)
}

fn response(answer: Answer, payload: Payload) -> Response<Payload> {
    let mut response = Response::new(payload);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

const RUBBISH: Bytes = Bytes::from_static(b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>");
const HUGE_BYTES: usize = 10 * 1024 * 1024;
const MOST_BODY_BYTES: usize = 1024 * 1024;
