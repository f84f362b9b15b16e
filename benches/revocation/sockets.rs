//! Open WebSockets, each of a session of its own, and the CPU time that ending one takes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bench_scene::{Folder, Outcome, Process, Provider, fill, room_for};
use doorward::store::Sqlite;
use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::{percentile, show};

pub(crate) async fn measure() -> Outcome<()> {
    let sockets = room_for(SOCKETS);
    let provider = Provider::start()?;
    let folder = Folder::new(&provider, upstream().await?)?;
    let config = fs::read_to_string(folder.config())?.replace(
        "[[route]]\npath = \"/public/*\"",
        "[[route]]\npath = \"/socket\"\nupstream = \"app\"\nwebsocket = true\n\n[[route]]\npath = \"/public/*\"",
    );
    fs::write(folder.config(), config)?;
    Sqlite::migrate(&folder.database())?;
    fill(&folder.database(), provider.issuer(), sockets + ENDED)?;
    let gateway = Process::gateway(Path::new(env!("CARGO_BIN_EXE_doorward")), &folder)?;
    let before = gateway.memory()?;
    let mut open = Vec::with_capacity(sockets);
    for token in provider.mint().tokens(0..sockets, sockets)? {
        open.push(connect(gateway.address(), &token).await?);
    }
    let memory = gateway.memory()?.saturating_sub(before) / sockets / 1024;
    let idle = gateway.cpu()?;
    tokio::time::sleep(SETTLE).await;
    let idle = gateway.cpu()?.saturating_sub(idle);
    let client = Client::new();
    let log_out = async |user| {
        let call = client.post(format!("http://{}/auth/backchannel-logout", gateway.address()));
        let answer = call.form(&[("logout_token", provider.mint().logout_token(user)?)]).send().await?;
        if answer.status().is_success() { Outcome::Ok(()) } else { Err("a logout was refused".into()) }
    };
    let begun = gateway.cpu()?;
    for user in sockets..sockets + ENDED {
        log_out(user).await?;
    }
    let alone = gateway.cpu()?.saturating_sub(begun) / u32::try_from(ENDED)?;
    let (begun, mut took) = (gateway.cpu()?, Vec::with_capacity(ENDED));
    for (user, socket) in open.iter_mut().enumerate().take(ENDED) {
        let begun = Instant::now();
        log_out(user).await?;
        ended(socket).await?;
        took.push(begun.elapsed());
    }
    let each = gateway.cpu()?.saturating_sub(begun) / u32::try_from(ENDED)?;
    let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    show("a log-out by itself, CPU", &millis(alone), "");
    show(
        &format!("ending one of {sockets} open WebSockets by it, CPU more"),
        &millis(each.saturating_sub(alone)),
        "1 ms",
    );
    let share = idle.as_secs_f64() / SETTLE.as_secs_f64() * 100.0;
    show("from the log-out to the end of its WebSocket, p99", &millis(percentile(&mut took, 99)), "100 ms");
    show(&format!("{sockets} idle WebSockets, of one core"), &format!("{share:.1} %"), "");
    show("an idle WebSocket, memory", &format!("{memory} KiB"), "");
    Ok(())
}

/// An application that takes every WebSocket and says nothing on it.
async fn upstream() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = vec![0; 4096];
                let mut read = 0;
                while !bytes.get(..read)?.ends_with(b"\r\n\r\n") {
                    read += socket.read(bytes.get_mut(read..)?).await.ok().filter(|read| *read > 0)?;
                }
                drop(bytes);
                socket.write_all(SWITCHED).await.ok()?;
                // Until the gateway has had enough.
                socket.read(&mut [0]).await.ok()
            });
        }
    });
    Ok(address)
}

async fn connect(gateway: SocketAddr, token: &str) -> Outcome<TcpStream> {
    let mut socket = TcpStream::connect(gateway).await?;
    let head = format!(
        "GET /socket HTTP/1.1\r\nHost: bench.test\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if timeout(PATIENCE, socket.read_buf(&mut answer)).await?? == 0 {
            break;
        }
    }
    if answer.starts_with(b"HTTP/1.1 101") { Ok(socket) } else { Err(String::from_utf8_lossy(&answer).into()) }
}

/// Until the close frame has come, with its code (RFC 6455 §5.5.1).
async fn ended(socket: &mut TcpStream) -> Outcome<()> {
    let mut frame = Vec::new();
    while timeout(PATIENCE, socket.read_buf(&mut frame)).await?? > 0 {}
    if frame.starts_with(&[0x88]) { Ok(()) } else { Err(format!("no close frame: {frame:02x?}").into()) }
}

const SOCKETS: usize = 10_000;
const ENDED: usize = 500;
const SETTLE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(10);
const SWITCHED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
