//! Clients that keep their connections and send one request after the other.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bench_scene::{Folder, Outcome, Process};
use bytes::Bytes;
use futures_util::future::try_join_all;
use h2::client::SendRequest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::secure::{self, Secure};
use crate::variant::{Manner, Variant};

/// How long a variant is played.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    /// Round and round.
    Time(Duration),
    /// Every request once.
    Once,
}

/// What was played.
pub(crate) struct Played {
    pub(crate) requests: usize,
    pub(crate) took: Duration,
}

/// So many clients on one thread, which never sleeps: to wake a sleeping peer is dear, above all in a virtual machine,
/// it would be charged to the proxy, and the slower proxy would pay it more often.
pub(crate) struct Load {
    runtime: Runtime,
    connections: usize,
    secure: Option<Secure>,
}

impl Load {
    pub(crate) fn new(connections: usize) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        runtime.spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        Ok(Self { runtime, connections, secure: None })
    }

    /// Speaks TLS too, and trusts the certificate of that folder.
    pub(crate) fn trust(&mut self, folder: &Folder) -> Outcome<()> {
        self.secure = Some(Secure::trusting(folder)?);
        Ok(())
    }

    /// Where the upstream runs too.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Sends every request once, and again where an answer was another: on a crowded machine the first reads of a
    /// database may come too late.
    pub(crate) fn warm(&self, proxy: &Process, variant: &Variant) -> Outcome<()> {
        let mut outcome = Ok(());
        for _ in 0..WARMINGS {
            outcome = self.play(proxy, variant, Length::Once).map(drop);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// Sends the variant's requests to a proxy; an answer other than the variant's ends the measurement.
    pub(crate) fn play(&self, proxy: &Process, variant: &Variant, length: Length) -> Outcome<Played> {
        let (began, next) = (Instant::now(), Cell::new(0_usize));
        let take = || {
            let number = next.get();
            let over = match length {
                Length::Time(time) => began.elapsed() >= time,
                Length::Once => number >= variant.requests.len(),
            };
            next.set(number + usize::from(!over));
            if over { None } else { variant.requests.get(number % variant.requests.len()) }
        };
        self.runtime.block_on(self.send(proxy, variant, take))?;
        Ok(Played { requests: next.get(), took: began.elapsed() })
    }

    async fn send<'a>(&self, proxy: &Process, variant: &Variant, next: impl Next<'a>) -> Outcome<()> {
        let (all, status) = (0..self.connections, variant.status);
        let secure = || self.secure.as_ref().ok_or("nobody is trusted");
        match variant.manner {
            Manner::Http1 => drop(try_join_all(all.map(|_| client(proxy.address(), status, next))).await?),
            Manner::Handshakes => {
                let secure = secure()?;
                try_join_all(all.map(|_| newcomer(secure, proxy.tls(), status, next))).await?;
            }
            Manner::Streams => {
                let connection = secure()?.open(proxy.tls()).await?;
                try_join_all(all.map(|_| stream(&connection, status, next))).await?;
            }
        }
        Ok(())
    }
}

/// What is to be sent next; nothing where it is enough.
trait Next<'a>: Fn() -> Option<&'a Vec<u8>> + Copy {}

impl<'a, F: Fn() -> Option<&'a Vec<u8>> + Copy> Next<'a> for F {}

/// Sends what `next` gives until it gives nothing; a proxy that closes the connection ends the measurement.
async fn client<'a>(proxy: SocketAddr, status: u16, next: impl Next<'a>) -> Outcome<()> {
    let mut answer = Vec::with_capacity(4096);
    let mut stream = TcpStream::connect(proxy).await?;
    stream.set_nodelay(true)?;
    while let Some(request) = next() {
        exchange(&mut stream, request, status, &mut answer).await?;
    }
    Ok(())
}

/// The same with a connection for each request.
async fn newcomer<'a>(secure: &Secure, proxy: SocketAddr, status: u16, next: impl Next<'a>) -> Outcome<()> {
    let mut answer = Vec::with_capacity(4096);
    while let Some(request) = next() {
        let mut stream = secure.connect(proxy).await?;
        exchange(&mut stream, request, status, &mut answer).await?;
    }
    Ok(())
}

/// The same as streams of one connection.
async fn stream<'a>(connection: &SendRequest<Bytes>, status: u16, next: impl Next<'a>) -> Outcome<()> {
    while let Some(target) = next() {
        let answered = secure::ask(connection, std::str::from_utf8(target)?).await?;
        if answered != status {
            return Err(format!("not {status}: {answered}").into());
        }
    }
    Ok(())
}

/// One request, and its answer.
pub(crate) async fn exchange<S>(stream: &mut S, request: &[u8], status: u16, answer: &mut Vec<u8>) -> Outcome<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(request).await?;
    stream.flush().await?;
    answer.clear();
    while !whole(answer)? {
        if stream.read_buf(answer).await? == 0 {
            return Err("the proxy closed a connection".into());
        }
    }
    if answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()) {
        Ok(())
    } else {
        Err(format!("not {status}: {}", String::from_utf8_lossy(answer)).into())
    }
}

/// Whether an answer is complete: a head, and a body as long as it says.
fn whole(answer: &[u8]) -> Outcome<bool> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    let (head, body) = answer.split_at(end + 4);
    let head = std::str::from_utf8(head)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    Ok(body.len() >= length.ok_or("an answer without Content-Length")??)
}

const WARMINGS: usize = 10;
