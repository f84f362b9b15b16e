//! Carries requests, never decides: every decision is a call of the module that makes it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::prelude::HttpPeer;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::{Error, ErrorType};
use tracing::error;

use super::answer::Answer;
use super::passage::{Forwarding, Passage, Stage};
use super::{body, failure, peer};
use crate::api::Call;
use crate::app::{Services, Snapshot};
use crate::forward::{Forward, plants_ours};
use crate::gateway::Admission;
use crate::problem::{Problem, Rejection};
use crate::request::{Incoming, Peer, RawHead};
use crate::routing::{Cors, Route, Target};
use crate::upstream::{Tried, UpstreamError};

/// Pingora's view of the gateway.
pub struct Carrier {
    services: Arc<Services>,
    snapshot: Arc<ArcSwap<Snapshot>>,
}

impl Carrier {
    /// Carries by whatever snapshot is current when a request begins.
    #[must_use]
    pub fn new(services: Arc<Services>, snapshot: Arc<ArcSwap<Snapshot>>) -> Self {
        Self { services, snapshot }
    }

    /// From raw header to an upstream (`false`) or an answer (`true`), in the order of `docs/architecture.md`.
    async fn receive(&self, session: &mut Session, passage: &mut Passage) -> pingora::Result<bool> {
        let incoming = match parse(session, &passage.snapshot) {
            Ok(incoming) => incoming,
            Err(rejection) => return self.refuse(session, passage, &rejection, None).await,
        };
        passage.note_request(&incoming);
        let snapshot = Arc::clone(&passage.snapshot);
        if let Some(answer) = preflight(&snapshot, &incoming) {
            return finish(session, passage, answer, "").await;
        }
        let route = match snapshot.routes.find(&incoming.host, &incoming.path, incoming.method) {
            Ok(route) => route,
            Err(error) => return self.refuse(session, passage, &error.into(), None).await,
        };
        passage.note_route(route);
        let cors = Cors::judge(&route.cors_origins, &incoming);
        match self.services.gateway.admit(route, &incoming).await {
            Ok(admission) => self.enter(session, passage, admission, incoming, cors).await,
            Err(rejection) => self.refuse(session, passage, &rejection, cors.as_ref()).await,
        }
    }

    async fn enter(
        &self,
        session: &mut Session,
        passage: &mut Passage,
        admission: Admission,
        incoming: Incoming,
        cors: Option<Cors>,
    ) -> pingora::Result<bool> {
        passage.note_admission(&admission);
        match &admission.route().target {
            Target::Upstream(target) => match Forward::plan(&admission, target, &incoming) {
                Ok(forward) => {
                    passage.record.upstream = Some(Arc::clone(forward.upstream()));
                    passage.stage = Stage::Forwarding(Box::new(Forwarding::new(forward, incoming.websocket)));
                    Ok(false)
                }
                Err(error) => self.refuse(session, passage, &error.into(), cors.as_ref()).await,
            },
            Target::Local(endpoint) => {
                let outcome = self.call(session, *endpoint, incoming, &admission).await;
                match outcome {
                    Ok(answer) => finish(session, passage, with_cors(answer, cors.as_ref()), "").await,
                    Err(rejection) => self.refuse(session, passage, &rejection, cors.as_ref()).await,
                }
            }
        }
    }

    async fn call(
        &self,
        session: &mut Session,
        endpoint: usize,
        incoming: Incoming,
        admission: &Admission,
    ) -> Result<Answer, Rejection> {
        let content_type = session.get_header(http::header::CONTENT_TYPE).cloned();
        let body = body::read(session).await?;
        let call = Call { incoming, grant: admission.grant().clone(), content_type, body };
        let reply = self.services.api.answer(endpoint, call).await?;
        Ok(Answer { status: reply.status, headers: reply.headers, body: reply.body })
    }

    async fn refuse(
        &self,
        session: &mut Session,
        passage: &mut Passage,
        rejection: &Rejection,
        cors: Option<&Cors>,
    ) -> pingora::Result<bool> {
        if passage.record.request_id.is_empty() {
            passage.record.request_id = crate::id::request_id();
            passage.record.client = session.client_addr().and_then(|peer| peer.as_inet()).map(|peer| peer.ip());
        }
        report(rejection, &passage.record.request_id);
        let problem = Problem::render(rejection, &passage.record.request_id);
        let answer = Answer { status: problem.status, headers: problem.headers, body: problem.body.into() };
        finish(session, passage, with_cors(answer, cors), problem.reason).await
    }

    /// A panic is a defect: it is answered, counted and logged, and ends nothing but its request.
    async fn panicked(&self, session: &mut Session, passage: &mut Passage) -> pingora::Result<bool> {
        self.services.journal.metrics().panicked();
        error!(request_id = passage.record.request_id, "a panic ended a request");
        self.refuse(session, passage, &Rejection::Internal, None).await
    }
}

#[async_trait]
impl ProxyHttp for Carrier {
    type CTX = Passage;

    fn new_ctx(&self) -> Passage {
        self.services.journal.metrics().in_flight().inc();
        Passage::new(self.snapshot.load_full())
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
        match upstream.next(&mut forwarding.tried, &self.services.clock) {
            Ok(server) => {
                forwarding.failure = None;
                peer::of(upstream, &server, &forwarding.forward)
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
        if let Some(forwarding) = passage.forwarding() {
            forwarding.failure = Some(failure::connecting(&error));
            if let Some(server) = forwarding.tried.latest() {
                server.refused(&self.services.clock);
            }
            self.services.journal.metrics().upstream(forwarding.forward.upstream(), "failed");
            // Nothing was sent yet, so that any request may go to the next server.
            error.set_retry(true);
        }
        error
    }

    async fn connected_to_upstream(
        &self,
        _session: &mut Session,
        reused: bool,
        _peer: &HttpPeer,
        _fd: std::os::unix::io::RawFd,
        _digest: Option<&pingora::protocols::Digest>,
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
        write_head(&forwarding.forward, server.host(), request)
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
        if response.status == StatusCode::SWITCHING_PROTOCOLS && !forwarding.websocket {
            forwarding.failure = Some(crate::upstream::UpstreamError::Broken);
            return Error::e_explain(ErrorType::InvalidHTTPHeader, "101 without an upgrade")
                .map_err(|error| error.into_up());
        }
        Ok(())
    }

    async fn response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let Some(forwarding) = passage.forwarding() else { return Ok(()) };
        drop_planted_cookies(response)?;
        if let Some(cors) = forwarding.forward.cors() {
            let theirs: Vec<_> = response.headers.keys().filter(|name| Cors::owns(name)).cloned().collect();
            for name in theirs {
                response.remove_header(&name);
            }
            for (name, value) in cors.headers() {
                response.append_header(name, value)?;
            }
        }
        Ok(())
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, passage: &mut Passage) -> FailToProxy {
        let noted = passage.forwarding().and_then(|forwarding| forwarding.failure);
        let cors = passage.forwarding().and_then(|forwarding| forwarding.forward.cors().cloned());
        match failure::rejection(error, noted) {
            Some(rejection) if answerable(session) => {
                // The client may have gone meanwhile; the log line says what it would have got.
                let _ = self.refuse(session, passage, &rejection, cors.as_ref()).await;
            }
            Some(rejection) => passage.record.reason = crate::problem::Facts::from(&rejection).reason,
            None => passage.record.reason = "client-closed",
        }
        let error_code = session.response_written().map_or(0, |response| response.status.as_u16());
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, _error: Option<&Error>, passage: &mut Passage) {
        self.services.journal.metrics().in_flight().dec();
        if let Stage::Forwarding(forwarding) = &passage.stage {
            passage.record.server =
                forwarding.tried.latest().and_then(|server| server.address()).map(|at| at.to_string());
        }
        passage.record.status = session.response_written().map_or(0, |response| response.status.as_u16());
        passage.record.bytes_in = session.body_bytes_read();
        passage.record.bytes_out = session.body_bytes_sent();
        self.services.journal.request(&passage.record, passage.began);
    }

    fn suppress_error_log(&self, _session: &Session, _passage: &Passage, _error: &Error) -> bool {
        true
    }

    /// Pingora logs this; the path may carry secrets in its query.
    fn request_summary(&self, _session: &Session, passage: &Passage) -> String {
        format!("request {}", passage.record.request_id)
    }
}

impl Forwarding {
    fn new(forward: Forward, websocket: bool) -> Self {
        Self { forward, tried: Tried::default(), failure: None, websocket, body_bytes: 0, informational: 0 }
    }
}

/// Whether the client has not got a final response yet.
fn answerable(session: &Session) -> bool {
    session
        .response_written()
        .is_none_or(|response| response.status.is_informational() && response.status != StatusCode::SWITCHING_PROTOCOLS)
}

fn parse(session: &Session, snapshot: &Snapshot) -> Result<Incoming, Rejection> {
    let header = session.req_header();
    let address = session
        .client_addr()
        .and_then(|peer| peer.as_inet())
        .map_or_else(|| std::net::Ipv4Addr::UNSPECIFIED.into(), std::net::SocketAddr::ip);
    let tls = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
    let head = RawHead {
        method: header.method.as_str(),
        target: header.raw_path(),
        fields: &header.headers,
        authority: header.uri.authority().map(http::uri::Authority::as_str),
    };
    Ok(Incoming::parse(head, Peer { address, tls }, &snapshot.trusted_proxies)?)
}

/// The answer to a CORS preflight, on routes that have `cors_origins`.
fn preflight(snapshot: &Snapshot, incoming: &Incoming) -> Option<Answer> {
    let asked = incoming.preflight.as_ref()?;
    let route: &Route = snapshot.routes.find(&incoming.host, &incoming.path, asked.method).ok()?;
    let cors = Cors::judge(&route.cors_origins, incoming)?;
    let headers: HeaderMap = cors.preflight(&route.methods, asked).collect();
    Some(Answer { status: StatusCode::NO_CONTENT, headers, body: Bytes::new() })
}

async fn finish(
    session: &mut Session,
    passage: &mut Passage,
    answer: Answer,
    reason: &'static str,
) -> pingora::Result<bool> {
    passage.stage = Stage::Answered;
    passage.record.reason = reason;
    answer.write(session).await?;
    Ok(true)
}

fn with_cors(mut answer: Answer, cors: Option<&Cors>) -> Answer {
    answer.headers.extend(cors.iter().flat_map(|cors| cors.headers()));
    answer
}

/// Strips what only the gateway may say, then says it. Runs once a try on a fresh copy of the client's header,
/// after Pingora has removed what the client's `Connection` names.
fn write_head(forward: &Forward, server: &HeaderValue, request: &mut RequestHeader) -> pingora::Result<()> {
    let unwanted: Vec<_> = forward.unwanted(&request.headers).cloned().collect();
    for name in &unwanted {
        request.remove_header(name);
    }
    if request.headers.contains_key(http::header::COOKIE) {
        let cookie = forward.cookie(&request.headers);
        request.remove_header(&http::header::COOKIE);
        if let Some(cookie) = cookie {
            request.insert_header(http::header::COOKIE, cookie)?;
        }
    }
    if let Some(target) = forward.target() {
        request.set_raw_path(target.as_bytes())?;
    }
    for (name, value) in forward.headers(server) {
        request.insert_header(name, value)?;
    }
    Ok(())
}

fn drop_planted_cookies(response: &mut ResponseHeader) -> pingora::Result<()> {
    if !response.headers.get_all(SET_COOKIE).iter().any(plants_ours) {
        return Ok(());
    }
    let kept: Vec<HeaderValue> =
        response.headers.get_all(SET_COOKIE).iter().filter(|value| !plants_ours(value)).cloned().collect();
    response.remove_header(&SET_COOKIE);
    for value in kept {
        response.append_header(SET_COOKIE, value)?;
    }
    Ok(())
}

/// What an operator should know is logged where it is answered; refusals are in the request's line.
fn report(rejection: &Rejection, request_id: &str) {
    let facts = crate::problem::Facts::from(rejection);
    if facts.status >= 500 {
        tracing::warn!(
            request_id,
            reason = facts.reason,
            error = rejection as &dyn std::error::Error,
            "a request failed"
        );
    }
}

/// `100 Continue` and a few `103 Early Hints`; an application that says more never comes to its answer.
const MAX_INFORMATIONAL: u32 = 16;
/// How long a client may be silent in the middle of a body, or take nothing of ours.
const CLIENT_SILENCE: Duration = Duration::from_secs(60);
