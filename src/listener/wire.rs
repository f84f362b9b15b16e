//! The client's side of a connection, under the HTTP library: every byte that comes in passes here.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::BytesMut;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::{SslDigest, TlsRef};
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream, TimingDigest,
    UniqueID,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::chunks::Chunks;
use super::farewell::{Outgoing, Turn};
use super::frames::{Alarm, Flood, Frames};

/// A connection with a watch on what it brings. Bytes that the watch refuses end the connection; they are never
/// changed.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    watch: Watch,
    /// Bytes that were read to see what they are, and are read again.
    unread: BytesMut,
    /// What goes out to a client that asked for a WebSocket; boxed, as few do.
    outgoing: Option<Box<Outgoing>>,
}

/// What the bytes that come in are held against.
#[derive(Clone, Debug)]
pub(super) enum Watch {
    /// A head, or a body of a length that is known.
    Nothing,
    /// A body in chunks.
    Chunks(Chunks),
    /// An HTTP/2 connection. Whoever serves it is told of a flood; nothing more is read of it then.
    Frames(Box<Frames>, Arc<Alarm>),
    /// A connection of which nothing more is read.
    Flooded,
}

impl Wire {
    /// Wraps a connection.
    pub(super) fn around(stream: Stream) -> Box<Self> {
        Box::new(Self { stream, watch: Watch::Nothing, unread: BytesMut::new(), outgoing: None })
    }

    /// The wire that the HTTP library was given, back from it.
    pub(super) fn back(stream: Stream) -> Option<Box<Self>> {
        stream.into_any().downcast().ok()
    }

    /// Watches what comes in from now on.
    pub(super) fn watch(&mut self, watch: Watch) {
        self.watch = watch;
    }

    /// Minds what goes out, should it have to be ended.
    pub(super) fn mind(&mut self, outgoing: Option<Outgoing>) {
        self.outgoing = outgoing.map(Box::new);
    }

    /// Writes the farewell where it is its turn, and says so by an error; nothing where the server goes on.
    fn say_farewell(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(outgoing) = &mut self.outgoing {
            let Turn::Farewell(left) = outgoing.turn(&[], cx.waker()) else { return Poll::Pending };
            if left.is_empty() {
                ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, left))?;
            outgoing.wrote(count);
        }
        Poll::Pending
    }

    /// Puts bytes back that were read; they come again first.
    pub(super) fn put_back(&mut self, bytes: BytesMut) {
        self.unread = bytes;
    }

    /// Whoever is at the other end.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        peer(&self.stream)
    }
}

/// Whoever is at the other end of a connection.
pub(super) fn peer(stream: &Stream) -> Option<SocketAddr> {
    stream.get_socket_digest().and_then(|digest| digest.peer_addr().and_then(|peer| peer.as_inet().copied()))
}

impl Watch {
    /// Looks at bytes that came in; pending where nobody is to see them.
    fn look(&mut self, bytes: &[u8]) -> Poll<io::Result<()>> {
        match self {
            Self::Nothing => Poll::Ready(Ok(())),
            Self::Chunks(chunks) => {
                let followed = chunks.follow(bytes);
                Poll::Ready(followed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)))
            }
            Self::Frames(frames, alarm) => match frames.follow(bytes, Instant::now) {
                Ok(()) => {
                    alarm.note_head(frames.open_head());
                    Poll::Ready(Ok(()))
                }
                Err(Flood) => {
                    alarm.flood();
                    *self = Self::Flooded;
                    Poll::Pending
                }
            },
            Self::Flooded => Poll::Pending,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if matches!(self.watch, Watch::Flooded) {
            return Poll::Pending;
        }
        if self.outgoing.is_some()
            && let Poll::Ready(ended) = self.say_farewell(cx)
        {
            return Poll::Ready(ended);
        }
        if self.unread.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        } else {
            let again = self.unread.len().min(buf.remaining());
            buf.put_slice(&self.unread.split_to(again));
        }
        self.watch.look(buf.filled().get(before..).unwrap_or_default())
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = &mut *self;
        let Some(outgoing) = &mut wire.outgoing else { return Pin::new(&mut wire.stream).poll_write(cx, bytes) };
        match outgoing.turn(bytes, cx.waker()) {
            Turn::Farewell(_) => wire.say_farewell(cx).map(|ended| ended.map(|()| 0)),
            Turn::Theirs(count) => {
                let theirs = bytes.get(..count).unwrap_or_default();
                let count = ready!(Pin::new(&mut wire.stream).poll_write(cx, theirs))?;
                outgoing.follow(theirs.get(..count).unwrap_or_default());
                Poll::Ready(Ok(count))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.outgoing.is_some() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(cx, first.map_or(&[][..], |slice| slice));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[async_trait]
impl Shutdown for Wire {
    async fn shutdown(&mut self) {
        self.stream.shutdown().await;
    }
}

impl UniqueID for Wire {
    fn id(&self) -> i32 {
        self.stream.id()
    }
}

impl Ssl for Wire {
    fn get_ssl(&self) -> Option<&TlsRef> {
        self.stream.get_ssl()
    }

    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.stream.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.stream.selected_alpn_proto()
    }
}

impl GetTimingDigest for Wire {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.stream.get_timing_digest()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.stream.get_read_pending_time()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.stream.get_write_pending_time()
    }
}

impl GetProxyDigest for Wire {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream.get_proxy_digest()
    }

    fn set_proxy_digest(&mut self, digest: ProxyDigest) {
        self.stream.set_proxy_digest(digest);
    }
}

impl GetSocketDigest for Wire {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.get_socket_digest()
    }

    fn set_socket_digest(&mut self, digest: SocketDigest) {
        self.stream.set_socket_digest(digest);
    }
}

#[async_trait]
impl Peek for Wire {
    async fn try_peek(&mut self, bytes: &mut [u8]) -> io::Result<bool> {
        self.stream.try_peek(bytes).await
    }
}
