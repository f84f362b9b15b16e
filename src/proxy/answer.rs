//! Writes the gateway's own answers to the client.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response, StatusCode};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::expectation;

/// A complete answer of the gateway.
pub(super) struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Everything but the framing.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
    /// Whether nobody can be sure where the next request begins, so that the connection ends with it.
    pub doubtful: bool,
}

/// Without what is personal or secret.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Answer {
    /// Writes the answer. The connection is kept where it is certain where the next request begins: not behind a body
    /// that is too long to be read to its end.
    pub(super) async fn write(self, session: &mut Session) -> pingora::Result<()> {
        if self.doubtful || !drained(session).await {
            session.set_keepalive(None);
        }
        let bodyless = self.status == StatusCode::NO_CONTENT;
        let end = bodyless || self.body.is_empty();
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = self.status;
        head.headers = self.headers;
        if !bodyless {
            head.headers.insert(CONTENT_LENGTH, self.body.len().into());
        }
        session.write_response_header(Box::new(ResponseHeader::from(head)), end).await?;
        if !end {
            session.write_response_body(Some(self.body), true).await?;
        }
        linger(session).await;
        Ok(())
    }
}

/// Reads a short body to its end, so that the connection can carry the next request. A client that waits for
/// `100 Continue` is not asked for a body that nobody wants.
async fn drained(session: &mut Session) -> bool {
    if session.is_body_done() || session.is_body_empty() {
        return true;
    }
    if expectation::is_open(session) {
        return false;
    }
    let read = async {
        let mut left = MAX_DRAIN;
        while let Ok(Some(chunk)) = session.read_request_body().await {
            left = left.checked_sub(chunk.len())?;
        }
        session.is_body_done().then_some(())
    };
    matches!(tokio::time::timeout(DRAIN_TIME, read).await, Ok(Some(())))
}

/// A client that is told in the middle of its body has a moment to see it: a reset that comes right behind the answer
/// hides the answer, from curl and others. Of a stream of HTTP/2 nothing more is read meanwhile; a connection of HTTP/1 is
/// reset where bytes are unread, so they are read, and thrown away.
async fn linger(session: &mut Session) {
    if session.as_mut().is_body_done() {
        return;
    }
    // Whoever waits for `100 Continue` sends nothing.
    let waits = expectation::is_open(session);
    let seen = async {
        match session.as_mut().watch_h2_stream_close() {
            Some(closed) => drop(closed.await),
            None if waits => {}
            None => while let Ok(Some(_)) = session.read_request_body().await {},
        }
    };
    // Either it has seen it, or its time is over.
    let _ = tokio::time::timeout(LINGER, seen).await;
}

const LINGER: Duration = Duration::from_secs(1);
const MAX_DRAIN: usize = 64 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(1);
