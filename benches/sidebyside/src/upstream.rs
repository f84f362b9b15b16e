//! A fast upstream on the thread of the load: reads a head, answers 94 bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bench_scene::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The upstream; it serves while its runtime runs.
pub(crate) struct Upstream {
    address: SocketAddr,
    last: Arc<Mutex<Vec<u8>>>,
}

impl Upstream {
    pub(crate) fn start(runtime: &Runtime) -> Outcome<Self> {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let last = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&last);
        runtime.spawn(async move {
            // Without a listener every request fails, and the measurement with it.
            while let Ok((stream, _)) = listener.accept().await {
                drop(tokio::task::spawn(serve(stream, Arc::clone(&seen))));
            }
        });
        Ok(Self { address, last })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The head of the last request.
    pub(crate) fn last_head(&self) -> Vec<u8> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Every request is a head without a body, and comes alone.
async fn serve(mut stream: TcpStream, last: Arc<Mutex<Vec<u8>>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::with_capacity(8192);
    while stream.read_buf(&mut head).await? > 0 {
        if head.ends_with(b"\r\n\r\n") {
            std::mem::swap(&mut *last.lock().unwrap_or_else(PoisonError::into_inner), &mut head);
            head.clear();
            stream.write_all(ANSWER.as_bytes()).await?;
        }
    }
    Ok(())
}

const ANSWER: &str = "HTTP/1.1 200 OK\r\nServer: upstream\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
    Content-Type: application/json\r\nContent-Length: 94\r\n\r\n\
    {\"id\":42,\"customer\":\"Jan Example\",\"lines\":[{\"item\":\"tea\",\"count\":2},{\"item\":\"cup\",\"count\":1}]}";
