//! Whether a request is sent again after its connection failed: only where that cannot do twice what is to be done once.

use http::Method;
use pingora::proxy::Session;
use pingora::{Error, ErrorSource, ErrorType, RetryType};

use super::failure;
use super::passage::Forwarding;
use crate::upstream::UpstreamError;

/// Notes how the upstream fared, and decides. A kept connection that the server has closed says nothing about the
/// server; a new one that breaks, or an answer that does not come, does. But no server answers what the client has not
/// asked to its end.
pub(super) fn after(error: &Error, session: &mut Session, forwarding: &mut Forwarding, kept_connection: bool) -> bool {
    let Some(upstream) = forwarding.upstream.clone() else { return false };
    if *error.esource() != ErrorSource::Upstream || session.response_written().is_some() {
        return false;
    }
    let closed_meanwhile = match error.retry {
        RetryType::ReusedOnly => kept_connection,
        // HTTP/2 says that the server did nothing with it (RFC 9113 §8.7).
        RetryType::Decided(untouched) => untouched,
    };
    let waits_for_client = *error.etype() == ErrorType::ReadTimedout && !session.as_mut().is_body_done();
    if !closed_meanwhile && !waits_for_client {
        upstream.unanswered(&forwarding.tried, failure::connecting(error));
    }
    let method = &session.req_header().method;
    let can = match closed_meanwhile {
        true => method.is_idempotent(),
        false => !forwarding.resent && is_read(method) && failure::connecting(error) == UpstreamError::Broken,
    };
    let broke_off = closed_meanwhile || is_lost_connection(error.etype());
    if !can || !broke_off || session.as_ref().retry_buffer_truncated() || !upstream.may_retry() {
        return false;
    }
    forwarding.resent |= !closed_meanwhile;
    true
}

/// What has no effect but its answer, and is sent without a body (RFC 9110 §9.2.1).
fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

fn is_lost_connection(etype: &ErrorType) -> bool {
    matches!(etype, ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError)
}
