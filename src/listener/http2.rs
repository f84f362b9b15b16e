//! HTTP/2: connections and streams within limits; each request is judged as one of HTTP/1 is.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use h2::Reason;
use http::header::CONTENT_LENGTH;
use pingora::Error;
use pingora::apps::HttpServerApp;
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::{self, H2Accept, H2Options, HttpSession, default_h2_options};
use pingora::protocols::{Digest, GetProxyDigest, GetSocketDigest, GetTimingDigest, Ssl, Stream};
use pingora::server::ShutdownWatch;
use tokio::time::{sleep, sleep_until, timeout};

use super::HeadError;
use super::frames::{Alarm, Frames};
use super::guarded::{Guarded, Limits};
use super::head;
use super::wire::{Watch, Wire};
use crate::id;
use crate::metrics::Dropped;
use crate::problem::{Problem, Rejection};
use crate::unwind::caught;

type Connection = h2::server::Connection<Stream, Bytes>;

/// How accepting streams ended.
enum End {
    /// One side has had enough.
    Over,
    /// The client floods.
    Flooded,
    /// A head does not come to its end.
    Unfinished,
    /// What it sends is no HTTP/2.
    Nonsense,
}

/// The requests of one connection that are being served.
#[derive(Default)]
struct Open(Arc<AtomicUsize>);

/// One of them, for as long as it is.
struct Served(Arc<AtomicUsize>);

impl Open {
    fn one_more(&self) -> Served {
        self.0.fetch_add(1, Ordering::AcqRel);
        Served(Arc::clone(&self.0))
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl<P> Guarded<P>
where
    P: HttpServerApp + Send + Sync + 'static,
{
    /// Every request of a connection, until one side has had enough.
    pub(super) async fn serve_http2(self: &Arc<Self>, mut wire: Box<Wire>, shutdown: &ShutdownWatch) {
        let alarm = Arc::<Alarm>::default();
        wire.watch(Watch::Frames(Box::new(Frames::new(Instant::now())), Arc::clone(&alarm)));
        let (digest, peer) = (Arc::new(digest(&wire)), wire.peer());
        let limits = self.house.limits();
        let handshake = server::handshake(wire, Some(options(&limits)));
        let mut connection = match timeout(limits.handshake_timeout, handshake).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(_)) | Err(_) => return self.house.journal.dropped(Dropped::Http2Preface, peer),
        };
        match self.accept(&mut connection, &digest, shutdown, &alarm).await {
            End::Over => return,
            // The library has said why.
            End::Nonsense => return self.house.journal.dropped(Dropped::Http2Protocol, peer),
            End::Flooded => {
                self.house.journal.dropped(Dropped::Http2Flood, peer);
                connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
            }
            End::Unfinished => {
                self.house.journal.dropped(Dropped::Http2Head, peer);
                connection.abrupt_shutdown(Reason::PROTOCOL_ERROR);
            }
        }
        // The client is told, if it listens.
        let told =
            async { while let Ok(Some(_)) = HttpSession::from_h2_conn(&mut connection, Arc::clone(&digest)).await {} };
        let _ = timeout(FAREWELL, told).await;
    }

    async fn accept(
        self: &Arc<Self>,
        connection: &mut Connection,
        digest: &Arc<Digest>,
        shutdown: &ShutdownWatch,
        alarm: &Alarm,
    ) -> End {
        let limits = self.house.limits();
        let mut watch = shutdown.clone();
        let mut stop = pin!(async move { drop(watch.wait_for(|stopping| *stopping).await) }.fuse());
        let mut leaving = false;
        let mut idle = pin!(sleep(limits.idle_timeout));
        let mut heads = pin!(sleep(limits.header_timeout));
        let (open, mut malformed, mut latest) = (Open::default(), 0, tokio::time::Instant::now());
        loop {
            let accepted = tokio::select! {
                biased;
                () = alarm.flooded() => return End::Flooded,
                () = stop.as_mut() => {
                    leaving = true;
                    connection.graceful_shutdown();
                    continue;
                }
                accepted = HttpSession::from_h2_conn(connection, Arc::clone(digest)) => accepted,
                () = heads.as_mut() => {
                    let began = alarm.head_since().map(tokio::time::Instant::from_std);
                    let due = began.unwrap_or_else(tokio::time::Instant::now) + limits.header_timeout;
                    if due <= tokio::time::Instant::now() {
                        return End::Unfinished;
                    }
                    heads.set(sleep_until(due));
                    continue;
                }
                () = idle.as_mut() => {
                    let quiet_since = if open.count() > 0 { tokio::time::Instant::now() } else { latest };
                    if quiet_since.elapsed() < limits.idle_timeout {
                        idle.set(sleep_until(quiet_since + limits.idle_timeout));
                    } else if leaving {
                        return End::Over;
                    } else {
                        // What was on its way meanwhile is served still (RFC 9113 §6.8).
                        leaving = true;
                        connection.graceful_shutdown();
                        idle.set(sleep(FAREWELL));
                    }
                    continue;
                }
            };
            match accepted {
                Ok(Some(H2Accept::Session(session))) => {
                    latest = tokio::time::Instant::now();
                    // A client that resets what it opens has more of them served than it may have open.
                    if open.count() >= 2 * limits.max_streams as usize {
                        return End::Flooded;
                    }
                    self.serve_stream(session, open.one_more(), shutdown.clone());
                }
                Ok(Some(H2Accept::Rejected)) => {
                    malformed += 1;
                    self.note(&HeadError::Http2, digest);
                    if malformed > MOST_MALFORMED {
                        return End::Flooded;
                    }
                }
                Ok(None) => return End::Over,
                Err(error) => return if is_ours(&error) { End::Nonsense } else { End::Over },
            }
        }
    }

    /// One request. Its task ends with it; where the connection ends first, reads and writes fail.
    fn serve_stream(self: &Arc<Self>, session: HttpSession, served: Served, shutdown: ShutdownWatch) {
        let guarded = Arc::clone(self);
        tokio::spawn(async move {
            let _served = served;
            if caught(pin!(guarded.attend_stream(session, &shutdown))).await.is_err() {
                guarded.house.panicked(None);
            }
        });
    }

    async fn attend_stream(&self, session: HttpSession, shutdown: &ShutdownWatch) {
        #[cfg(test)]
        crate::fault::strike("stream", asked(session.req_header()));
        match head::check_fields(session.req_header(), self.house.limits().max_headers) {
            Ok(()) => drop(self.run(ServerSession::new_http2(session), shutdown, None).await),
            Err(error) => Box::pin(self.refuse_stream(session, error)).await,
        }
    }

    async fn refuse_stream(&self, mut session: HttpSession, error: HeadError) {
        let Some(digest) = session.digest().cloned() else { return };
        let problem = self.note(&error, &digest);
        session.set_write_timeout(Some(FAREWELL));
        let answer = async {
            let mut header = ResponseHeader::build(problem.status, Some(problem.headers.len() + 1))?;
            for (name, value) in &problem.headers {
                header.append_header(name.clone(), value.clone())?;
            }
            header.insert_header(CONTENT_LENGTH, problem.body.len())?;
            session.write_response_header(Box::new(header), false)?;
            session.write_body(problem.body.clone().into(), true).await
        };
        // The client may be gone: either way the stream ends here, a moment later where it still writes.
        let _: pingora::Result<()> = answer.await;
        if !session.is_body_done() {
            let _ = timeout(FAREWELL, session.idle()).await;
        }
    }

    /// Counts a refusal, logs it, and says what the client is told.
    fn note(&self, error: &HeadError, digest: &Digest) -> Problem {
        let request_id = id::request_id();
        let problem = Problem::render(&Rejection::from(*error), &request_id);
        let socket = digest.socket_digest.as_ref();
        let peer = socket.and_then(|socket| socket.peer_addr().and_then(|peer| peer.as_inet().copied()));
        self.house.journal.refused(&request_id, &problem, peer);
        problem
    }
}

/// Whether the connection ended because of what the client sent on it, and not because it went away.
fn is_ours(error: &Error) -> bool {
    let cause = error.root_cause().downcast_ref::<h2::Error>();
    cause.is_some_and(|error| error.is_go_away() && error.is_library())
}

#[cfg(test)]
fn asked(header: &pingora::http::RequestHeader) -> &str {
    header.headers.get(crate::fault::FIELD).and_then(|asked| asked.to_str().ok()).unwrap_or_default()
}

fn digest(wire: &Wire) -> Digest {
    Digest {
        ssl_digest: wire.get_ssl_digest(),
        timing_digest: wire.get_timing_digest(),
        proxy_digest: wire.get_proxy_digest(),
        socket_digest: wire.get_socket_digest(),
    }
}

fn options(limits: &Limits) -> H2Options {
    let mut options = default_h2_options();
    options
        .max_header_list_size(u32::try_from(limits.max_header_size).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.max_streams)
        .max_send_buffer_size(SEND_BUFFER)
        .initial_connection_window_size(CONNECTION_WINDOW);
    options
}

/// What a stream may hold for a client that does not read.
const SEND_BUFFER: usize = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Requests that cannot be read, before the connection is given up.
const MOST_MALFORMED: usize = 32;
const FAREWELL: Duration = Duration::from_secs(1);
