//! Our own server application round Pingora's: it owns connections and requests.

use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use pingora::apps::{HttpServerApp, ReusedHttpStream, ServerApp};
use pingora::protocols::http::ServerSession;
use pingora::protocols::{ALPN, Stream};
use pingora::server::ShutdownWatch;
use tokio::time::timeout;
use tracing::error;

use super::farewell::Farewell;
use super::places::{Place, Places};
use super::refusal::Refusals;
use super::tls::{Certificates, Unshaken};
use super::wire::{self, Wire};
use crate::app::Snapshot;
use crate::metrics::{Dropped, Metrics};
use crate::stay::Guest;
use crate::telemetry::Journal;
use crate::unwind::caught;

/// What a connection may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of a head to its last; and from a new connection to its first byte.
    pub header_timeout: Duration,
    /// For a TLS handshake, and for the first bytes of an HTTP/2 connection.
    pub handshake_timeout: Duration,
    /// From one request to the next.
    pub idle_timeout: Duration,
    /// The largest head in bytes.
    pub max_header_size: usize,
    /// The most fields.
    pub max_headers: usize,
    /// The most connections at once.
    pub max_connections: usize,
    /// The most connections at once of one address.
    pub max_connections_per_address: usize,
    /// The most requests at once on one HTTP/2 connection.
    pub max_streams: u32,
}

/// What is spoken on a listener.
pub enum Entrance {
    /// HTTP/1, and HTTP/2 for whoever begins with it, where that is allowed.
    Plain {
        /// Whether it is.
        h2c: bool,
    },
    /// TLS, and in it what was agreed on.
    Tls(Arc<Certificates>),
}

/// What every listener of a gateway shares: the proxy behind them, the settings in force, and the places.
pub struct House<P> {
    pub(super) proxy: Arc<P>,
    pub(super) journal: Journal,
    pub(super) refusals: Refusals,
    snapshot: Arc<ArcSwap<Snapshot>>,
    places: Places,
}

/// A request in the hands of the proxy.
type Request<'a> = Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'a>>;

/// One listener.
pub struct Guarded<P> {
    pub(super) house: Arc<House<P>>,
    pub(super) entrance: Entrance,
}

impl<P> House<P> {
    /// Guards a proxy.
    #[must_use]
    pub fn new(proxy: P, journal: Journal, snapshot: Arc<ArcSwap<Snapshot>>) -> Self {
        let (refusals, places) = (Refusals::new(journal.clone()), Places::default());
        Self { proxy: Arc::new(proxy), refusals, journal, snapshot, places }
    }

    /// The limits of this moment.
    pub(super) fn limits(&self) -> Limits {
        self.snapshot.load().limits
    }

    /// A panic that no hook of the proxy caught has ended a request or a connection, and nothing else.
    pub(super) fn panicked(&self, guest: Option<&Guest>) {
        self.journal.metrics().panicked();
        let (request_id, at) = (guest.and_then(Guest::request_id), guest.and_then(Guest::broke_at));
        error!(request_id, at, "a panic ended a connection");
    }

    fn place(&self, peer: Option<IpAddr>) -> Result<Place, super::HeadError> {
        let snapshot = self.snapshot.load();
        self.places.take(peer, &snapshot.trusted_proxies, &snapshot.limits)
    }
}

impl<P> Guarded<P>
where
    P: HttpServerApp + Send + Sync + 'static,
{
    /// A listener of the house.
    #[must_use]
    pub fn new(house: Arc<House<P>>, entrance: Entrance) -> Self {
        Self { house, entrance }
    }

    /// The connection with TLS on it, where TLS is spoken.
    async fn open(&self, stream: Stream, peer: Option<SocketAddr>) -> Option<Stream> {
        let Entrance::Tls(certificates) = &self.entrance else { return Some(stream) };
        match timeout(self.house.limits().handshake_timeout, certificates.handshake(stream)).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(Unshaken::NoTls(stream))) => {
                self.house.refusals.refuse(Wire::around(stream), super::HeadError::NoTls).await;
            }
            Ok(Err(Unshaken::Silent)) => {}
            Ok(Err(Unshaken::Failed)) => self.house.journal.dropped(Dropped::TlsHandshake, peer),
            Err(_) => self.house.journal.dropped(Dropped::TlsTimeout, peer),
        }
        None
    }

    /// Lets one request through; a panic ends nothing but its connection, or its stream of HTTP/2.
    pub(super) fn run<'a>(
        &'a self,
        session: ServerSession,
        shutdown: &'a ShutdownWatch,
        farewell: Option<Arc<Farewell>>,
    ) -> impl Future<Output = Option<ReusedHttpStream>> + Send + 'a {
        // Boxed by the proxy, and before anything is put round it: a session is large, and moves once.
        self.guard(self.house.proxy.process_new_http(session, shutdown), farewell)
    }

    async fn guard(&self, request: Request<'_>, farewell: Option<Arc<Farewell>>) -> Option<ReusedHttpStream> {
        let guest = Arc::new(Guest::default());
        let served = pin!(Arc::clone(&guest).serve(self.stay(request, farewell, &guest)));
        caught(served).await.unwrap_or_else(|_| {
            self.house.panicked(Some(&guest));
            None
        })
    }

    /// A request, for as long as it may stay. What must end is dropped: a connection of HTTP/1 closes before its answer
    /// is complete, a stream of HTTP/2 is reset. A WebSocket says farewell first.
    async fn stay(
        &self,
        mut request: Request<'_>,
        farewell: Option<Arc<Farewell>>,
        guest: &Guest,
    ) -> Option<ReusedHttpStream> {
        tokio::select! {
            biased;
            ended = request.as_mut() => ended,
            exit = guest.outstays() => {
                self.house.journal.metrics().stream_ended(exit.reason);
                let farewell = farewell?;
                farewell.ask(exit.close);
                timeout(LAST_WORDS, request).await.ok()?
            }
        }
    }

    /// A connection from its first byte to its last.
    async fn attend(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) {
        let peer = wire::peer(&stream);
        let _place = match self.house.place(peer.map(|peer| peer.ip())) {
            Ok(place) => place,
            Err(error) if matches!(self.entrance, Entrance::Plain { .. }) => {
                return self.house.refusals.turn_away(Wire::around(stream), error).await;
            }
            // Why cannot be said before the handshake, which is what the limits protect.
            Err(_) => return self.house.journal.dropped(Dropped::Full, peer),
        };
        let _open = Open::new(self.house.journal.metrics());
        // Boxed, so that no idle connection carries the room that a handshake needs.
        let Some(stream) = Box::pin(self.open(stream, peer)).await else { return };
        if stream.selected_alpn_proto() == Some(ALPN::H2) {
            Box::pin(self.serve_http2(Wire::around(stream), shutdown)).await;
        } else if let Some(wire) = self.serve_http1(Wire::around(stream), shutdown).await {
            Box::pin(self.serve_http2(wire, shutdown)).await;
        }
    }
}

#[async_trait]
impl<P> ServerApp for Guarded<P>
where
    P: HttpServerApp + Send + Sync + 'static,
{
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        if caught(pin!(self.attend(stream, shutdown))).await.is_err() {
            self.house.panicked(None);
        }
        None
    }

    async fn cleanup(&self) {
        self.house.proxy.http_cleanup().await;
    }
}

/// For the end of a frame that is being said, and the farewell.
const LAST_WORDS: Duration = Duration::from_millis(80);

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
