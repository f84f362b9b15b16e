//! `Expect: 100-continue` (RFC 9110 §10.1.1): an admitted request is answered here, and sent on once its body begins.
//!
//! An upstream that waited for the body of a client that sends none would be held for nothing; and a client that is
//! refused has not been asked for its body.

use std::time::Duration;

use http::Version;
use http::header::EXPECT;
use pingora::proxy::Session;

use crate::request::RequestError;

/// Asks for the body, and waits until it begins. What was read is kept for the upstream.
pub(super) async fn meet(session: &mut Session) -> pingora::Result<Result<(), RequestError>> {
    if !is_open(session) {
        return Ok(Ok(()));
    }
    ask(session).await?;
    session.as_mut().enable_retry_buffering();
    Ok(match tokio::time::timeout(UNTIL_BODY, session.as_mut().read_request_body()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => Err(RequestError::Body),
        Err(_) => Err(RequestError::Stalled),
    })
}

/// Whether the client waits to be asked for its body. One of HTTP/1.0 never does, whatever it writes.
pub(super) fn is_open(session: &mut Session) -> bool {
    let expects = session.get_header(EXPECT).is_some() && session.req_header().version > Version::HTTP_10;
    expects && !session.is_body_empty()
}

/// Writes `100 Continue`. The connection stays usable: the body will be read.
pub(super) async fn ask(session: &mut Session) -> pingora::Result<()> {
    session.set_close_on_response_before_downstream_finish(false);
    let asked = session.write_continue_response().await;
    session.set_close_on_response_before_downstream_finish(true);
    asked
}

/// Who asks first has its body ready.
const UNTIL_BODY: Duration = Duration::from_secs(10);
