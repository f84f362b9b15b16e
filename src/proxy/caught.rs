//! Pingora's hooks. Each is caught here: a panic is a defect that ends one request, and nothing else.

use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::prelude::HttpPeer;
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::{Error, ErrorType};
use tracing::error;

use super::carrier::Carrier;
use super::passage::Passage;
use crate::unwind::caught;

impl Carrier {
    /// Runs a hook that does not wait. After a panic, an error that Pingora takes for a failure of the request: nothing is
    /// sent again for it, and `fail_to_proxy` answers.
    fn caught<T>(
        &self,
        hook: &'static str,
        session: &mut Session,
        passage: &mut Passage,
        work: impl FnOnce(&mut Session, &mut Passage) -> T,
    ) -> pingora::Result<T> {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            #[cfg(test)]
            crate::fault::strike_hook(hook, session);
            work(session, passage)
        }));
        outcome.map_err(|_| self.panicked(hook, session, passage))
    }

    /// Counts a panic and logs it under the request's id. What the panic has left of the request is good for an answer
    /// and a log line, which hold what was written down before.
    fn panicked(&self, hook: &'static str, session: &Session, passage: &mut Passage) -> Box<Error> {
        passage.identify(session);
        passage.panicked = true;
        self.services.journal.metrics().panicked();
        let at = passage.guest.as_ref().and_then(|guest| guest.broke_at());
        error!(request_id = &*passage.record.request_id, hook, at, "a panic ended a request");
        Error::explain(ErrorType::HTTPStatus(500), "a panic ended the request")
    }
}

#[async_trait]
impl ProxyHttp for Carrier {
    type CTX = Passage;

    fn new_ctx(&self) -> Passage {
        self.begin()
    }

    fn init_downstream_modules(&self, _modules: &mut HttpModules) {
        // No module: compression and the like are the upstream's business.
    }

    async fn request_filter(&self, session: &mut Session, passage: &mut Passage) -> pingora::Result<bool> {
        session.set_read_timeout(Some(CLIENT_SILENCE));
        session.set_write_timeout(Some(CLIENT_SILENCE));
        let received = async {
            #[cfg(test)]
            crate::fault::strike_hook("request_filter", session);
            self.receive(session, passage).await
        };
        let received = caught(pin!(received)).await;
        match received {
            Ok(outcome) => outcome,
            Err(_) => Err(self.panicked("request_filter", session, passage)),
        }
    }

    async fn upstream_peer(&self, session: &mut Session, passage: &mut Passage) -> pingora::Result<Box<HttpPeer>> {
        self.caught("upstream_peer", session, passage, |session, passage| self.choose_peer(session, passage)).flatten()
    }

    fn fail_to_connect(
        &self,
        session: &mut Session,
        _peer: &HttpPeer,
        passage: &mut Passage,
        error: Box<Error>,
    ) -> Box<Error> {
        let outcome = self.caught("fail_to_connect", session, passage, |_, passage| self.not_connected(passage, error));
        outcome.unwrap_or_else(|error| error)
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        passage: &mut Passage,
        client_reused: bool,
    ) -> Box<Error> {
        let outcome = self.caught("error_while_proxy", session, passage, |session, passage| {
            Self::interrupted(session, passage, error, client_reused)
        });
        outcome.unwrap_or_else(|error| error)
    }

    async fn connected_to_upstream(
        &self,
        session: &mut Session,
        reused: bool,
        _peer: &HttpPeer,
        _fd: RawFd,
        _digest: Option<&Digest>,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        self.caught("connected_to_upstream", session, passage, |_, passage| self.connected(passage, reused))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let write = |_: &mut Session, passage: &mut Passage| Self::write_request(passage, request);
        self.caught("upstream_request_filter", session, passage, write).flatten()
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let pass = |_: &mut Session, passage: &mut Passage| Self::pass_body(passage, body.as_ref(), end);
        self.caught("request_body_filter", session, passage, pass).flatten()
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let read = |_: &mut Session, passage: &mut Passage| Self::answered(passage, response);
        self.caught("upstream_response_filter", session, passage, read).flatten()
    }

    fn upstream_response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        _end: bool,
        passage: &mut Passage,
    ) -> pingora::Result<Option<Duration>> {
        let pass = |_: &mut Session, passage: &mut Passage| Self::pass_back(passage, body.as_ref());
        self.caught("upstream_response_body_filter", session, passage, pass).map(|()| None)
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let write = |session: &mut Session, passage: &mut Passage| self.write_response(session, passage, response);
        self.caught("response_filter", session, passage, write).flatten()
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, passage: &mut Passage) -> FailToProxy {
        let failed = async {
            #[cfg(test)]
            crate::fault::strike_hook("fail_to_proxy", session);
            self.fail(session, error, passage).await
        };
        let failed = caught(pin!(failed)).await;
        if let Ok(failed) = failed {
            return failed;
        }
        let error = self.panicked("fail_to_proxy", session, passage);
        // Once more, since it is another way now; and if that panics too, the connection ends without an answer.
        let failed = caught(pin!(self.fail(session, &error, passage))).await;
        failed.unwrap_or(FailToProxy { error_code: 0, can_reuse_downstream: false })
    }

    async fn logging(&self, session: &mut Session, _error: Option<&Error>, passage: &mut Passage) {
        let logged = self.caught("logging", session, passage, |session, passage| Self::conclude(session, passage));
        if logged.is_err() {
            // The answer is written, and deserves its line; without one here the passage tries when it ends.
            let _ = catch_unwind(AssertUnwindSafe(|| Self::conclude(session, passage)));
        }
    }

    fn suppress_error_log(&self, _session: &Session, _passage: &Passage, _error: &Error) -> bool {
        true
    }

    /// Pingora logs this; the path may carry secrets in its query.
    fn request_summary(&self, _session: &Session, passage: &Passage) -> String {
        format!("request {}", passage.record.request_id)
    }
}

/// How long a client may be silent in the middle of a body, or take nothing of ours.
const CLIENT_SILENCE: Duration = Duration::from_secs(60);
