//! The first sight of bytes: counts connections, reads heads within limits, refuses what is doubtful.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use pingora::apps::{HttpServerApp, ServerApp};
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::error;

use super::HeadError;
use super::head;
use crate::id;
use crate::metrics::Metrics;
use crate::problem::{Problem, Rejection};
use crate::telemetry::Journal;

/// What a connection may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of a head to its last.
    pub header_timeout: Duration,
    /// From one request to the next, and from the connection to its first.
    pub idle_timeout: Duration,
    /// The largest head in bytes.
    pub max_header_size: usize,
    /// The most fields.
    pub max_headers: usize,
    /// The most connections at once.
    pub max_connections: usize,
}

/// Our own server application round Pingora's: it owns connection and request.
pub struct Guarded<P> {
    proxy: Arc<P>,
    journal: Journal,
    limits: Limits,
    places: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
}

/// How reading a head ended.
enum Head {
    Complete(BytesMut),
    Closed,
    Refused(HeadError),
}

impl<P> Guarded<P>
where
    P: HttpServerApp + Send + Sync + 'static,
{
    /// Guards a proxy.
    #[must_use]
    pub fn new(proxy: P, journal: Journal, limits: Limits) -> Self {
        let places = Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS)));
        let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
        Self { proxy: Arc::new(proxy), journal, limits, places, refusals }
    }

    /// One request after the other, until one side has had enough.
    async fn serve(&self, mut stream: Stream, shutdown: &ShutdownWatch) {
        let mut watch = shutdown.clone();
        // Asked once a connection, not once a request.
        let mut stop = pin!(async move { drop(watch.wait_for(|stopping| *stopping).await) }.fuse());
        loop {
            match self.read_head(&mut stream, stop.as_mut()).await {
                Head::Complete(bytes) => match self.pass_on(stream, bytes, shutdown).await {
                    Some(reusable) => stream = reusable,
                    None => return,
                },
                Head::Closed => return,
                // Boxed, so that no idle connection carries the room that a refusal reads into.
                Head::Refused(error) => return Box::pin(self.refuse(stream, error)).await,
            }
        }
    }

    async fn pass_on(&self, stream: Stream, head: BytesMut, shutdown: &ShutdownWatch) -> Option<Stream> {
        let mut session = ServerSession::new_http1(stream);
        session.set_pipelined_prefix(head);
        session.set_keepalive(if *shutdown.borrow() { None } else { Some(self.limits.idle_timeout.as_secs()) });
        let request = AssertUnwindSafe(self.proxy.process_new_http(session, shutdown));
        match request.catch_unwind().await {
            Ok(reused) => reused.map(|reused| reused.consume().0),
            Err(_) => {
                self.journal.metrics().panicked();
                error!("a panic ended a connection");
                None
            }
        }
    }

    async fn read_head(&self, stream: &mut Stream, stop: impl Future<Output = ()>) -> Head {
        let mut bytes = BytesMut::with_capacity(FIRST_READ);
        let first = tokio::select! {
            first = timeout(self.limits.idle_timeout, stream.read_buf(&mut bytes)) => first,
            () = stop => timeout(LAST_CHANCE, stream.read_buf(&mut bytes)).await,
        };
        match first {
            Ok(Ok(read)) if read > 0 => {}
            Ok(Ok(_) | Err(_)) | Err(_) => return Head::Closed,
        }
        match self.judge(&bytes, 0) {
            Ok(true) => return Head::Complete(bytes),
            Ok(false) => {}
            Err(error) => return Head::Refused(error),
        }
        match timeout(self.limits.header_timeout, self.read_rest(stream, &mut bytes)).await {
            Ok(Ok(true)) => Head::Complete(bytes),
            Ok(Ok(false)) => Head::Closed,
            Ok(Err(error)) => Head::Refused(error),
            Err(_) => Head::Refused(HeadError::TooSlow),
        }
    }

    /// Whether the head is complete; `false` when the client went away first.
    async fn read_rest(&self, stream: &mut Stream, bytes: &mut BytesMut) -> Result<bool, HeadError> {
        loop {
            let seen = bytes.len();
            match stream.read_buf(bytes).await {
                Ok(read) if read > 0 => {}
                Ok(_) | Err(_) => return Ok(false),
            }
            if self.judge(bytes, seen)? {
                return Ok(true);
            }
        }
    }

    /// Whether a complete, undoubted head lies in these bytes.
    fn judge(&self, bytes: &[u8], seen: usize) -> Result<bool, HeadError> {
        match head::end(bytes, seen)? {
            Some(end) if end > self.limits.max_header_size => Err(HeadError::TooLarge),
            Some(end) => head::check(bytes.get(..end).unwrap_or_default(), self.limits.max_headers).map(|()| true),
            None if bytes.len() > self.limits.max_header_size => Err(HeadError::TooLarge),
            None => Ok(false),
        }
    }

    /// Answers, and reads on for a moment: closing over unread bytes would reset the connection, and the client
    /// would never see why.
    async fn refuse(&self, mut stream: Stream, error: HeadError) {
        let request_id = id::request_id();
        let problem = Problem::render(&Rejection::from(error), &request_id);
        let peer =
            stream.get_socket_digest().and_then(|digest| digest.peer_addr().and_then(|peer| peer.as_inet().copied()));
        self.journal.refused(&request_id, &problem, peer);
        let answer = async {
            stream.write_all(&on_the_wire(&problem)).await?;
            stream.flush().await?;
            let mut rest = [0_u8; 4096];
            let mut left = LINGER_BYTES;
            while left > 0 {
                match stream.read(&mut rest).await? {
                    0 => break,
                    read => left = left.saturating_sub(read),
                }
            }
            Ok::<(), std::io::Error>(())
        };
        // The client may be gone or slow: either way the connection ends here.
        let _ = timeout(LINGER, answer).await;
    }
}

#[async_trait]
impl<P> ServerApp for Guarded<P>
where
    P: HttpServerApp + Send + Sync + 'static,
{
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let Ok(_place) = self.places.try_acquire() else {
            // Only some are told why: refusing must not hold what the cap protects.
            if let Ok(_told) = self.refusals.try_acquire() {
                Box::pin(self.refuse(stream, HeadError::TooManyConnections)).await;
            }
            return None;
        };
        let _open = Open::new(self.journal.metrics());
        self.serve(stream, shutdown).await;
        None
    }

    async fn cleanup(&self) {
        self.proxy.http_cleanup().await;
    }
}

/// Counts a connection for as long as it lives.
struct Open<'a>(&'a Metrics);

impl<'a> Open<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.connection(true);
        Self(metrics)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.connection(false);
    }
}

/// A whole response with `Connection: close`.
fn on_the_wire(problem: &Problem) -> Bytes {
    let mut text = format!("HTTP/1.1 {}\r\n", problem.status);
    for (name, value) in &problem.headers {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    text.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n{}", problem.body.len(), problem.body));
    text.into()
}

const FIRST_READ: usize = 2048;
/// How long an idle connection may still bring a request that was on its way when the stop came.
const LAST_CHANCE: Duration = Duration::from_millis(250);
const MAX_REFUSALS: usize = 64;
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;
