//! What the gateway does in each of Pingora's hooks. They carry, and never decide: every decision is a call of the
//! module that makes it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{StatusCode, Version};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::HttpPeer;
use pingora::proxy::{FailToProxy, Session};
use pingora::{Error, ErrorType};

use super::passage::{Passage, Stage};
use super::{failure, peer, request_head, resend, response_head};
use crate::app::{Services, Snapshot};
use crate::problem::{Facts, Rejection};
use crate::upstream::UpstreamError;

/// The gateway in Pingora's hooks, which call it where panics are caught.
pub struct Carrier {
    pub(super) services: Arc<Services>,
    snapshot: Arc<ArcSwap<Snapshot>>,
}

impl Carrier {
    /// Carries by whatever snapshot is current when a request begins.
    #[must_use]
    pub fn new(services: Arc<Services>, snapshot: Arc<ArcSwap<Snapshot>>) -> Self {
        Self { services, snapshot }
    }

    pub(super) fn begin(&self) -> Passage {
        Passage::new(self.snapshot.load_full(), &self.services)
    }

    /// The server for the next try.
    pub(super) fn choose_peer(&self, session: &mut Session, passage: &mut Passage) -> pingora::Result<Box<HttpPeer>> {
        let snapshot = Arc::clone(&passage.snapshot);
        let Some(forwarding) = passage.forwarding() else {
            return Error::e_explain(ErrorType::HTTPStatus(500), "no request is being forwarded");
        };
        let Some(upstream) = snapshot.upstreams.get(forwarding.forward.upstream()) else {
            return Error::e_explain(ErrorType::HTTPStatus(500), "the upstream is not configured");
        };
        let chosen = upstream.next(&mut forwarding.tried);
        forwarding.upstream = Some(Arc::clone(upstream));
        match chosen {
            Ok(server) => {
                if session.is_body_empty() || session.as_mut().is_body_done() {
                    upstream.asked(&mut forwarding.tried);
                }
                forwarding.failure = None;
                // A new try sends the body from its beginning.
                forwarding.body_bytes = 0;
                let forward = &forwarding.forward;
                let peer = if forward.is_websocket() { peer::for_websocket } else { peer::of };
                Ok(Box::new(peer(upstream, &server, forward.timeout())))
            }
            Err(failure) => {
                // What the last server said is worth more than that none is left.
                forwarding.failure.get_or_insert(failure);
                Error::e_explain(ErrorType::ConnectError, "no server is left to try")
            }
        }
    }

    /// Notes that a server could not be reached, and whether another one is tried.
    pub(super) fn not_connected(&self, passage: &mut Passage, mut error: Box<Error>) -> Box<Error> {
        if let Some(forwarding) = passage.forwarding()
            && let Some(upstream) = forwarding.upstream.clone()
        {
            let failure = failure::connecting(&error);
            forwarding.failure = Some(failure);
            self.services.journal.metrics().upstream(forwarding.forward.upstream(), "failed");
            // Nothing was sent yet, so that any request may go to the next server.
            error.set_retry(upstream.unreachable(&mut forwarding.tried, failure));
        }
        error
    }

    /// Whether the request is sent again.
    pub(super) fn interrupted(
        session: &mut Session,
        passage: &mut Passage,
        mut error: Box<Error>,
        client_reused: bool,
    ) -> Box<Error> {
        let again =
            passage.forwarding().is_some_and(|forwarding| resend::after(&error, session, forwarding, client_reused));
        error.set_retry(again);
        error
    }

    pub(super) fn connected(&self, passage: &mut Passage, reused: bool) {
        if let Some(forwarding) = passage.forwarding() {
            let outcome = if reused { "reused" } else { "new" };
            self.services.journal.metrics().upstream(forwarding.forward.upstream(), outcome);
        }
    }

    /// What the upstream is sent.
    pub(super) fn write_request(passage: &mut Passage, request: &mut RequestHeader) -> pingora::Result<()> {
        let Some(forwarding) = passage.forwarding() else {
            return Error::e_explain(ErrorType::HTTPStatus(500), "no request is being forwarded");
        };
        let Some(server) = forwarding.tried.latest() else {
            return Error::e_explain(ErrorType::HTTPStatus(500), "no server was chosen");
        };
        let speaks_http2 = request.version == Version::HTTP_2;
        if forwarding.upstream.as_ref().is_some_and(|upstream| upstream.settings().http2) && !speaks_http2 {
            // A server that does not choose it by ALPN is one that does not speak it; nothing was sent to it.
            forwarding.failure = Some(UpstreamError::Tls);
            let mut error = Error::explain(ErrorType::HandshakeError, "the server does not speak HTTP/2");
            error.as_up();
            return Err(error);
        }
        request_head::write(&forwarding.forward, server.host(), request)
    }

    /// A piece of the request's body.
    pub(super) fn pass_body(passage: &mut Passage, body: Option<&Bytes>, end: bool) -> pingora::Result<()> {
        let Some(forwarding) = passage.forwarding() else { return Ok(()) };
        if let Some(upstream) = forwarding.upstream.as_ref().filter(|_| end) {
            upstream.asked(&mut forwarding.tried);
        }
        forwarding.body_bytes += body.map_or(0, |chunk| chunk.len() as u64);
        match forwarding.forward.max_body() {
            Some(most) if forwarding.body_bytes > most && !forwarding.forward.is_websocket() => {
                Error::e_explain(ErrorType::HTTPStatus(413), "the request body is too large")
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The head of the upstream's response, as it comes.
    pub(super) fn answered(passage: &mut Passage, response: &ResponseHeader) -> pingora::Result<()> {
        let Some(forwarding) = passage.forwarding() else { return Ok(()) };
        forwarding.informational += u32::from(response.status.is_informational());
        let switches = response.status == StatusCode::SWITCHING_PROTOCOLS;
        if let Some(upstream) = forwarding.upstream.as_ref().filter(|_| switches || !response.status.is_informational())
        {
            upstream.answered(&mut forwarding.tried);
        }
        let unasked = switches && !forwarding.forward.is_websocket();
        if unasked || forwarding.informational > MAX_INFORMATIONAL {
            forwarding.failure = Some(UpstreamError::Broken);
            let mut error =
                Error::explain(ErrorType::InvalidHTTPHeader, "an upgrade nobody asked for, or 1xx without end");
            error.as_up();
            return Err(error);
        }
        if let Some(guest) = passage.guest.as_ref().filter(|_| switches) {
            guest.upgrade();
        }
        passage.record.status = response.status.as_u16();
        Ok(())
    }

    /// A piece of the response's body.
    pub(super) fn pass_back(passage: &mut Passage, body: Option<&Bytes>) {
        passage.record.bytes_out += body.map_or(0, Bytes::len);
    }

    /// What the client is sent.
    pub(super) fn write_response(
        &self,
        session: &mut Session,
        passage: &Passage,
        response: &mut ResponseHeader,
    ) -> pingora::Result<()> {
        if self.services.is_stopping() {
            session.set_keepalive(None);
        }
        response_head::write(response, passage.cors.as_ref())
    }

    /// Answers what could not be forwarded, where no answer has begun; and says why in the request's line.
    pub(super) async fn fail(&self, session: &mut Session, error: &Error, passage: &mut Passage) -> FailToProxy {
        if matches!(passage.stage, Stage::Answered) && !passage.panicked {
            // Our own answer could not be written: its reason stands.
            return FailToProxy { error_code: 0, can_reuse_downstream: false };
        }
        passage.note_server();
        match why(error, passage) {
            Some(rejection) if response_head::is_open(session) => {
                // The client may have gone meanwhile; the log line says what it would have got.
                let _ = self.refuse(session, passage, &rejection).await;
            }
            Some(rejection) => passage.record.reason = Facts::from(&rejection).reason,
            None => passage.record.reason = "client-closed",
        }
        let error_code = session.response_written().map_or(0, |response| response.status.as_u16());
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    /// Writes the request's line.
    pub(super) fn conclude(session: &Session, passage: &mut Passage) {
        passage.note_server();
        passage.record.status = if response_head::is_open(session) {
            0
        } else {
            session.response_written().map_or(0, |response| response.status.as_u16())
        };
        passage.record.bytes_in = session.body_bytes_read();
        passage.record.bytes_out = session.body_bytes_sent();
        passage.log();
    }
}

/// Why a request failed; nothing where its client went away.
fn why(error: &Error, passage: &mut Passage) -> Option<Rejection> {
    if passage.panicked {
        return Some(Rejection::Internal);
    }
    let noted = passage.forwarding().and_then(|forwarding| forwarding.failure);
    failure::rejection(error, noted)
}

/// `100 Continue` and a few `103 Early Hints`; an application that says more never comes to its answer.
const MAX_INFORMATIONAL: u32 = 16;
