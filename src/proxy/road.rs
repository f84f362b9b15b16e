//! The connection to an upstream over which a WebSocket may be opened.
//!
//! Pingora 0.9.1 notes, right after it has sent the head of a request, that the request has no body. Where it finds the `101`
//! of an application that is quick before that note, it takes the note for the end of the new stream
//! (`proxy_handle_upstream`). Behind every write this connection seems to have nothing to read, once: so the note is found first.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use pingora::connectors::L4Connect;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora::{Error, ErrorType};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Connects by such a road.
#[derive(Debug)]
pub(super) struct Road;

/// A connection whose answers are looked for one turn after what was written.
#[derive(Debug)]
struct Unhurried {
    socket: TcpStream,
    has_written: bool,
}

#[async_trait]
impl L4Connect for Road {
    async fn connect(&self, address: &SocketAddr) -> pingora::Result<Stream> {
        let address = address.as_inet();
        let address =
            address.ok_or_else(|| Error::explain(ErrorType::InternalError, "upstreams are reached by TCP"))?;
        let socket = TcpStream::connect(address).await.map_err(failed)?;
        Ok(VirtualSocketStream::new(Box::new(Unhurried { socket, has_written: false })).into())
    }
}

/// As Pingora names it itself.
fn failed(error: io::Error) -> Box<Error> {
    let etype = match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => ErrorType::ConnectNoRoute,
        io::ErrorKind::TimedOut => ErrorType::ConnectTimedout,
        _ => ErrorType::ConnectError,
    };
    Error::because(etype, "no connection for a WebSocket", error)
}

impl VirtualSocket for Unhurried {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.socket.set_nodelay(true),
            // Never asked for.
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Unhurried {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.has_written) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Unhurried {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.has_written = true;
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
