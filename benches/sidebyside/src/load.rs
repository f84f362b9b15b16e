//! Clients that keep their connections and send one request after the other.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bench_scene::Outcome;
use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::variant::Variant;

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
}

impl Load {
    pub(crate) fn new(connections: usize) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        runtime.spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        Ok(Self { runtime, connections })
    }

    /// Where the upstream runs too.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Sends every request once, and again where an answer was another: on a crowded machine the first reads of a
    /// database may come too late.
    pub(crate) fn warm(&self, proxy: SocketAddr, variant: &Variant) -> Outcome<()> {
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
    pub(crate) fn play(&self, proxy: SocketAddr, variant: &Variant, length: Length) -> Outcome<Played> {
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
        let clients = (0..self.connections).map(|_| client(proxy, variant.status, take));
        self.runtime.block_on(try_join_all(clients))?;
        Ok(Played { requests: next.get(), took: began.elapsed() })
    }
}

/// Sends what `next` gives until it gives nothing; a proxy that closes the connection ends the measurement.
async fn client<'a>(proxy: SocketAddr, status: u16, next: impl Fn() -> Option<&'a Vec<u8>>) -> Outcome<()> {
    let wanted = format!("HTTP/1.1 {status} ");
    let mut answer = Vec::with_capacity(4096);
    let mut stream = TcpStream::connect(proxy).await?;
    stream.set_nodelay(true)?;
    while let Some(request) = next() {
        stream.write_all(request).await?;
        answer.clear();
        while !whole(&answer)? {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the proxy closed a connection".into());
            }
        }
        if !answer.starts_with(wanted.as_bytes()) {
            return Err(format!("not {status}: {}", String::from_utf8_lossy(&answer)).into());
        }
    }
    Ok(())
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
