//! From a request to its answer here, or on its way to an upstream: the order of `docs/architecture.md`.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, StatusCode};
use pingora::proxy::Session;
use pingora::{Error, ErrorType};
use tracing::warn;

use super::answer::Answer;
use super::carrier::Carrier;
use super::passage::{Forwarding, Passage, Stage};
use super::{body, expectation, request_head};
use crate::api::Call;
use crate::app::{Services, Snapshot};
use crate::forward::Forward;
use crate::gateway::Admission;
use crate::problem::{Problem, Rejection};
use crate::request::Incoming;
use crate::routing::{Cors, Target};
use crate::stay::Stay;

impl Carrier {
    /// From raw header to an upstream (`false`) or an answer (`true`), in the order of `docs/architecture.md`.
    pub(super) async fn receive(&self, session: &mut Session, passage: &mut Passage) -> pingora::Result<bool> {
        let incoming = match request_head::parse(session, &passage.snapshot) {
            Ok(incoming) => incoming,
            Err(rejection) => return self.refuse(session, passage, &rejection).await,
        };
        passage.note_request(&incoming);
        request_head::forget_case(session);
        let snapshot = Arc::clone(&passage.snapshot);
        if let Some(answer) = preflight(&snapshot, &incoming) {
            return finish(&self.services, session, passage, answer, "").await;
        }
        let route = match snapshot.routes.find(&incoming.host, &incoming.path, incoming.method) {
            Ok(route) => route,
            Err(error) => return self.refuse(session, passage, &error.into()).await,
        };
        passage.note_route(route);
        passage.cors = Cors::judge(&route.cors_origins, &incoming);
        match snapshot.gateway.admit(route, &incoming).await {
            Ok(admission) => self.enter(session, passage, admission, incoming).await,
            Err(rejection) => self.refuse(session, passage, &rejection).await,
        }
    }

    async fn enter(
        &self,
        session: &mut Session,
        passage: &mut Passage,
        admission: Admission,
        incoming: Incoming,
    ) -> pingora::Result<bool> {
        passage.note_admission(&admission);
        match &admission.route().target {
            Target::Upstream(target) => match Forward::plan(&admission, target, incoming) {
                Ok(forward) => {
                    if is_over(session) {
                        return Error::e_explain(ErrorType::ConnectionClosed, "the stream was reset").map_err(as_down);
                    }
                    if let Err(error) = expectation::meet(session).await? {
                        return self.refuse(session, passage, &error.into()).await;
                    }
                    passage.record.upstream = Some(Arc::clone(forward.upstream()));
                    passage.stage = Stage::Forwarding(Box::new(Forwarding::new(forward)));
                    let ends = (target.outlive, target.close);
                    if let Some(guest) = passage.guest.as_ref().filter(|_| admission.grant().live().is_some()) {
                        let gateway = Arc::clone(&passage.snapshot.gateway);
                        let clock = self.services.clock.clone();
                        guest.enter(Stay::new(admission, gateway, clock, ends));
                    }
                    Ok(false)
                }
                Err(error) => self.refuse(session, passage, &error.into()).await,
            },
            Target::Local(endpoint) => {
                // Boxed, so that forwarded requests do not carry the room that endpoints need.
                let outcome = Box::pin(self.call(session, passage, *endpoint, incoming, &admission)).await;
                match outcome {
                    Ok(answer) => finish(&self.services, session, passage, answer, "").await,
                    Err(rejection) => self.refuse(session, passage, &rejection).await,
                }
            }
        }
    }

    async fn call(
        &self,
        session: &mut Session,
        passage: &mut Passage,
        endpoint: usize,
        incoming: Incoming,
        admission: &Admission,
    ) -> Result<Answer, Rejection> {
        let arrived = self.services.clock.boot();
        let content_type = session.get_header(http::header::CONTENT_TYPE).cloned();
        let body = body::read(session).await?;
        let call = Call { incoming, grant: admission.grant().clone(), content_type, body, arrived };
        let reply = passage.snapshot.api.answer(endpoint, call).await?;
        if let Some(about) = &reply.about {
            passage.note_about(about);
        }
        Ok(Answer { status: reply.status, headers: reply.headers, body: reply.body, doubtful: false })
    }

    pub(super) async fn refuse(
        &self,
        session: &mut Session,
        passage: &mut Passage,
        rejection: &Rejection,
    ) -> pingora::Result<bool> {
        passage.identify(session);
        if let Rejection::Denied(_, caller) = rejection {
            passage.note_caller(&caller.subject, caller.user);
        }
        let problem = Problem::render(rejection, &passage.record.request_id);
        report(&problem, rejection, &passage.record.request_id);
        let doubtful = leaves_doubt(rejection, problem.status);
        let answer = Answer { status: problem.status, headers: problem.headers, body: problem.body.into(), doubtful };
        finish(&self.services, session, passage, answer, problem.reason).await
    }
}

/// Whoever writes a target or host that is none may take something else for the next request, too; of a body that did not
/// come or was too large nobody knows the end, and after a panic nobody knows anything.
fn leaves_doubt(rejection: &Rejection, status: StatusCode) -> bool {
    match status {
        StatusCode::BAD_REQUEST => matches!(rejection, Rejection::Request(_)),
        StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::INTERNAL_SERVER_ERROR => true,
        _ => false,
    }
}

/// Whether a stream of HTTP/2 has ended already: by its client, or because its body is not as announced. Nobody would
/// hear the answer, and the upstream need not hear of it.
fn is_over(session: &mut Session) -> bool {
    session.as_mut().watch_h2_stream_close().is_some_and(|closed| closed.now_or_never().is_some())
}

fn as_down(mut error: Box<Error>) -> Box<Error> {
    error.as_down();
    error
}

/// The answer to a CORS preflight, on routes that have `cors_origins`.
fn preflight(snapshot: &Snapshot, incoming: &Incoming) -> Option<Answer> {
    let asked = incoming.preflight.as_ref()?;
    let route = snapshot.routes.find(&incoming.host, &incoming.path, asked.method).ok()?;
    let cors = Cors::judge(&route.cors_origins, incoming)?;
    let headers: HeaderMap = cors.preflight(&route.methods, asked).collect();
    Some(Answer { status: StatusCode::NO_CONTENT, headers, body: Bytes::new(), doubtful: false })
}

/// Writes an answer of the gateway, with what a browser of another origin may know of it.
async fn finish(
    services: &Services,
    session: &mut Session,
    passage: &mut Passage,
    mut answer: Answer,
    reason: &'static str,
) -> pingora::Result<bool> {
    passage.stage = Stage::Answered;
    passage.record.reason = reason;
    answer.headers.extend(passage.cors.iter().flat_map(Cors::headers));
    if services.is_stopping() {
        session.set_keepalive(None);
    }
    answer.write(session).await?;
    Ok(true)
}

/// What an operator should know is logged where it is answered; refusals are in the request's line.
fn report(problem: &Problem, rejection: &Rejection, request_id: &str) {
    if problem.status.is_server_error() {
        warn!(request_id, reason = problem.reason, error = rejection as &dyn std::error::Error, "a request failed");
    }
}
