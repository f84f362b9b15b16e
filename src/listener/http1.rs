//! HTTP/1: heads within limits, read in one way only; the rest is Pingora's.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt;
use memchr::memchr;
use pingora::apps::HttpServerApp;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::HeadError;
use super::chunks::Chunks;
use super::farewell::{Farewell, Outgoing};
use super::frames::PREFACE;
use super::guarded::{Entrance, Guarded};
use super::head::{self, Body};
use super::wire::{Watch, Wire};

/// How reading a head ended.
enum Head {
    /// All of it is there, and perhaps the beginning of the body.
    Complete(BytesMut, Watch),
    /// The client speaks HTTP/2, and may.
    Http2(BytesMut),
    Closed,
    Refused(HeadError),
}

/// What the first bytes are.
enum Found {
    /// A head, and what its body is held against.
    Head(Watch),
    /// The beginning of HTTP/2.
    Http2,
}

impl<P> Guarded<P>
where
    P: HttpServerApp + Send + Sync + 'static,
{
    /// One request after the other, until one side has had enough. A connection that turns out to speak HTTP/2 is
    /// given back, as if nothing had been read.
    pub(super) async fn serve_http1(&self, mut wire: Box<Wire>, shutdown: &ShutdownWatch) -> Option<Box<Wire>> {
        let mut watch = shutdown.clone();
        // Asked once a connection, not once a request.
        let mut stop = pin!(async move { drop(watch.wait_for(|stopping| *stopping).await) }.fuse());
        // Whoever connects has something to say; between two requests somebody may think.
        let mut patience = self.house.limits().header_timeout;
        loop {
            match self.read_head(&mut wire, patience, stop.as_mut()).await {
                Head::Complete(bytes, watch) => {
                    wire.watch(watch);
                    wire = self.pass_on(wire, bytes, shutdown).await?;
                }
                Head::Http2(bytes) => {
                    wire.put_back(bytes);
                    return Some(wire);
                }
                Head::Closed => return None,
                // Boxed, so that no idle connection carries the room that a refusal reads into.
                Head::Refused(error) => {
                    Box::pin(self.house.refusals.refuse(wire, error)).await;
                    return None;
                }
            }
            patience = self.house.limits().idle_timeout;
        }
    }

    async fn pass_on(&self, mut wire: Box<Wire>, head: BytesMut, shutdown: &ShutdownWatch) -> Option<Box<Wire>> {
        let farewell = asks_for_upgrade(&head).then(Arc::<Farewell>::default);
        wire.mind(farewell.clone().map(Outgoing::new));
        let mut session = ServerSession::new_http1(wire);
        session.set_pipelined_prefix(head);
        session.set_keepalive(if *shutdown.borrow() { None } else { Some(self.house.limits().idle_timeout.as_secs()) });
        let reused = self.run(session, shutdown, farewell).await?;
        Wire::back(reused.consume().0)
    }

    async fn read_head(&self, wire: &mut Wire, patience: Duration, stop: impl Future<Output = ()>) -> Head {
        let mut bytes = BytesMut::with_capacity(FIRST_READ);
        let first = tokio::select! {
            first = timeout(patience, wire.read_buf(&mut bytes)) => first,
            () = stop => timeout(LAST_CHANCE, wire.read_buf(&mut bytes)).await,
        };
        match first {
            Ok(Ok(read)) if read > 0 => {}
            Ok(Ok(_) | Err(_)) | Err(_) => return Head::Closed,
        }
        match self.judge(&bytes, 0) {
            Ok(Some(Found::Head(watch))) => return Head::Complete(bytes, watch),
            Ok(Some(Found::Http2)) => return Head::Http2(bytes),
            Ok(None) => {}
            Err(error) => return Head::Refused(error),
        }
        match timeout(self.house.limits().header_timeout, self.read_rest(wire, &mut bytes)).await {
            Ok(Ok(Some(Found::Head(watch)))) => Head::Complete(bytes, watch),
            Ok(Ok(Some(Found::Http2))) => Head::Http2(bytes),
            Ok(Ok(None)) => Head::Closed,
            Ok(Err(error)) => Head::Refused(error),
            Err(_) => Head::Refused(HeadError::TooSlow),
        }
    }

    /// The rest of the head; nothing when the client went away first.
    async fn read_rest(&self, wire: &mut Wire, bytes: &mut BytesMut) -> Result<Option<Found>, HeadError> {
        loop {
            let seen = bytes.len();
            match wire.read_buf(bytes).await {
                Ok(read) if read > 0 => {}
                Ok(_) | Err(_) => return Ok(None),
            }
            if let Some(found) = self.judge(bytes, seen)? {
                return Ok(Some(found));
            }
        }
    }

    /// What lies in these bytes, where it is complete and undoubted.
    fn judge(&self, bytes: &[u8], seen: usize) -> Result<Option<Found>, HeadError> {
        #[cfg(test)]
        crate::fault::strike_head("head", bytes);
        let limits = self.house.limits();
        if matches!(self.entrance, Entrance::Plain { h2c: true }) && speaks_http2(bytes) {
            return Ok((bytes.len() >= PREFACE.len()).then_some(Found::Http2));
        }
        match head::end(bytes, seen)? {
            Some(end) if end > limits.max_header_size => Err(HeadError::TooLarge),
            Some(end) => {
                let (head, body) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
                head::check(head, limits.max_headers)
                    .and_then(|framing| watch(framing, body))
                    .map(Found::Head)
                    .map(Some)
            }
            None if bytes.len() > limits.max_header_size => Err(HeadError::TooLarge),
            None => Ok(None),
        }
    }
}

/// Whether a head, or the body behind it, names an upgrade. Seldom, and too often is not wrong.
fn asks_for_upgrade(head: &[u8]) -> bool {
    let mut rest = head;
    while let Some(feed) = memchr(b'\n', rest) {
        rest = rest.get(feed + 1..).unwrap_or_default();
        if rest.get(..UPGRADE.len()).is_some_and(|name| name.eq_ignore_ascii_case(UPGRADE)) {
            return true;
        }
    }
    false
}

/// Whether a connection begins as HTTP/2 does, as far as can be told yet.
fn speaks_http2(bytes: &[u8]) -> bool {
    // `PRI` is no method, and three bytes tell it from `POST`, `PUT` and `PATCH`.
    bytes.starts_with(b"PRI") && bytes.iter().zip(PREFACE).all(|(byte, known)| byte == known)
}

/// The watch on a body, which has seen its beginning.
fn watch(framing: Body, beginning: &[u8]) -> Result<Watch, HeadError> {
    match framing {
        Body::Length => Ok(Watch::Nothing),
        Body::Chunked => {
            let mut chunks = Chunks::default();
            chunks.follow(beginning).map_err(|_| HeadError::Framing)?;
            Ok(Watch::Chunks(chunks))
        }
    }
}

const FIRST_READ: usize = 2048;
const UPGRADE: &[u8] = b"upgrade:";
/// How long an idle connection may still bring a request that was on its way when the stop came.
const LAST_CHANCE: Duration = Duration::from_millis(250);
