//! From Pingora's errors to ours.

use pingora::{Error, ErrorSource, ErrorType};

use crate::forward::ForwardError;
use crate::problem::Rejection;
use crate::request::RequestError;
use crate::upstream::UpstreamError;

/// Why forwarding failed; nothing where the client itself went away.
pub(super) fn rejection(error: &Error, noted: Option<UpstreamError>) -> Option<Rejection> {
    if let Some(failure) = noted {
        return Some(failure.into());
    }
    match (error.esource(), error.etype()) {
        (ErrorSource::Downstream, _) if is_doubtful(error) => Some(RequestError::Body.into()),
        (_, ErrorType::HTTPStatus(413)) => Some(ForwardError::TooLarge.into()),
        (_, ErrorType::HTTPStatus(500)) => Some(Rejection::Internal),
        (ErrorSource::Upstream, etype) => Some(upstream(etype).into()),
        // What Pingora refuses to send on, it refuses while it strips the fields that `Connection` names.
        (_, ErrorType::HTTPStatus(400) | ErrorType::InvalidHTTPHeader) => Some(RequestError::Connection.into()),
        (ErrorSource::Downstream, ErrorType::ReadTimedout | ErrorType::WriteTimedout) => {
            Some(RequestError::Stalled.into())
        }
        (
            ErrorSource::Downstream,
            ErrorType::ReadError | ErrorType::WriteError | ErrorType::ConnectionClosed | ErrorType::ConnectError,
        ) => None,
        (ErrorSource::Downstream, _) => Some(RequestError::Body.into()),
        (ErrorSource::Internal | ErrorSource::Unset, _) => Some(Rejection::Internal),
    }
}

/// Whether the listener refused what came in, and did not merely see it end.
fn is_doubtful(error: &Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::InvalidData)
}

/// How a connection attempt failed.
pub(super) fn connecting(error: &Error) -> UpstreamError {
    upstream(error.etype())
}

fn upstream(etype: &ErrorType) -> UpstreamError {
    match etype {
        ErrorType::ConnectTimedout
        | ErrorType::ReadTimedout
        | ErrorType::WriteTimedout
        | ErrorType::TLSHandshakeTimedout => UpstreamError::TimedOut,
        ErrorType::ConnectRefused
        | ErrorType::ConnectNoRoute
        | ErrorType::ConnectError
        | ErrorType::BindError
        | ErrorType::SocketError
        | ErrorType::ConnectProxyFailure => UpstreamError::Refused,
        ErrorType::TLSHandshakeFailure
        | ErrorType::InvalidCert
        | ErrorType::HandshakeError
        | ErrorType::TLSWantX509Lookup => UpstreamError::Tls,
        _ => UpstreamError::Broken,
    }
}
