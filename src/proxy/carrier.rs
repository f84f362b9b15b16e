//! Pingora's hooks. They carry, and never decide: every decision is a call of the module that makes it.

use std::os::fd::RawFd;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use http::StatusCode;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::prelude::HttpPeer;
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::{Error, ErrorType};

use super::passage::{Passage, Stage};
use super::{failure, peer, request_head, resend, response_head};
use crate::app::{Services, Snapshot};
use crate::problem::Facts;
use crate::upstream::UpstreamError;

/// Pingora's view of the gateway.
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
}

#[async_trait]
impl ProxyHttp for Carrier {
    type CTX = Passage;

    fn new_ctx(&self) -> Passage {
        Passage::new(self.snapshot.load_full(), &self.services.journal)
    }

    fn init_downstream_modules(&self, _modules: &mut HttpModules) {
        // No module: compression and the like are the upstream's business.
    }

    async fn request_filter(&self, session: &mut Session, passage: &mut Passage) -> pingora::Result<bool> {
        session.set_read_timeout(Some(CLIENT_SILENCE));
        session.set_write_timeout(Some(CLIENT_SILENCE));
        match AssertUnwindSafe(self.receive(session, passage)).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => self.panicked(session, passage).await,
        }
    }

    async fn upstream_peer(&self, _session: &mut Session, passage: &mut Passage) -> pingora::Result<Box<HttpPeer>> {
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
                forwarding.failure = None;
                // A new try sends the body from its beginning.
                forwarding.body_bytes = 0;
                Ok(Box::new(peer::of(upstream, &server, forwarding.forward.timeout())))
            }
            Err(failure) => {
                // What the last server said is worth more than that none is left.
                forwarding.failure.get_or_insert(failure);
                Error::e_explain(ErrorType::ConnectError, "no server is left to try")
            }
        }
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        passage: &mut Passage,
        mut error: Box<Error>,
    ) -> Box<Error> {
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

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        passage: &mut Passage,
        client_reused: bool,
    ) -> Box<Error> {
        let again =
            passage.forwarding().is_some_and(|forwarding| resend::after(&error, session, forwarding, client_reused));
        error.set_retry(again);
        error
    }

    async fn connected_to_upstream(
        &self,
        _session: &mut Session,
        reused: bool,
        _peer: &HttpPeer,
        _fd: RawFd,
        _digest: Option<&Digest>,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        if let Some(forwarding) = passage.forwarding() {
            let outcome = if reused { "reused" } else { "new" };
            self.services.journal.metrics().upstream(forwarding.forward.upstream(), outcome);
        }
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let Some(forwarding) = passage.forwarding() else {
            return Error::e_explain(ErrorType::HTTPStatus(500), "no request is being forwarded");
        };
        let Some(server) = forwarding.tried.latest() else {
            return Error::e_explain(ErrorType::HTTPStatus(500), "no server was chosen");
        };
        request_head::write(&forwarding.forward, server.host(), request)
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end: bool,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let Some(forwarding) = passage.forwarding() else { return Ok(()) };
        forwarding.body_bytes += body.as_ref().map_or(0, |chunk| chunk.len() as u64);
        match forwarding.forward.max_body() {
            Some(most) if forwarding.body_bytes > most && !forwarding.websocket => {
                Error::e_explain(ErrorType::HTTPStatus(413), "the request body is too large")
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn upstream_response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let Some(forwarding) = passage.forwarding() else { return Ok(()) };
        forwarding.informational += u32::from(response.status.is_informational());
        if let Some(upstream) = &forwarding.upstream {
            upstream.answered(&forwarding.tried);
        }
        let switches = response.status == StatusCode::SWITCHING_PROTOCOLS;
        let unasked = switches && !forwarding.websocket;
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

    fn upstream_response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end: bool,
        passage: &mut Passage,
    ) -> pingora::Result<Option<Duration>> {
        passage.record.bytes_out += body.as_ref().map_or(0, Bytes::len);
        Ok(None)
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        if self.services.is_stopping() {
            session.set_keepalive(None);
        }
        response_head::write(response, passage.cors.as_ref())
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, passage: &mut Passage) -> FailToProxy {
        if matches!(passage.stage, Stage::Answered) {
            // Our own answer could not be written: its reason stands.
            return FailToProxy { error_code: 0, can_reuse_downstream: false };
        }
        passage.note_server();
        let noted = passage.forwarding().and_then(|forwarding| forwarding.failure);
        match failure::rejection(error, noted) {
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

    async fn logging(&self, session: &mut Session, _error: Option<&Error>, passage: &mut Passage) {
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

    fn suppress_error_log(&self, _session: &Session, _passage: &Passage, _error: &Error) -> bool {
        true
    }

    /// Pingora logs this; the path may carry secrets in its query.
    fn request_summary(&self, _session: &Session, passage: &Passage) -> String {
        format!("request {}", passage.record.request_id)
    }
}

/// `100 Continue` and a few `103 Early Hints`; an application that says more never comes to its answer.
const MAX_INFORMATIONAL: u32 = 16;
/// How long a client may be silent in the middle of a body, or take nothing of ours.
const CLIENT_SILENCE: Duration = Duration::from_secs(60);
