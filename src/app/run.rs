//! Serves until it is told to stop, and stops without losing a request.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use pingora::apps::ServerApp;
use pingora::listeners::ListenerConfig;
use pingora::protocols::l4::stream::L4BufferSettings;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use pingora::server::{Fds, ListenFds};
use pingora::services::Service as _;
use pingora::services::listening::Service;
use tokio::net::TcpSocket;
use tracing::{error, info, warn};

use super::authorities::Authorities;
use super::{App, StartError, descriptors, signals};
use crate::config::{Server, Settings, Source};
use crate::listener::{Entrance, Guarded, House};
use crate::operations::{Health, Operations};
use crate::proxy::Carrier;
use crate::telemetry::Sink;

/// How a gateway ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it was told to.
    Stopped,
    /// A task without which nothing may be served has ended.
    Lost(&'static str),
}

/// Told where the gateway listens, once it does.
pub type Ready = Box<dyn FnOnce(Listening) + Send>;

/// The addresses that the gateway got.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// For requests.
    pub gateway: SocketAddr,
    /// For requests over TLS.
    pub tls: Option<SocketAddr>,
    /// For operators.
    pub operations: SocketAddr,
}

/// Runs a gateway until SIGTERM, SIGINT or the loss of an essential task.
pub async fn serve(settings: Settings, source: Option<Source>, sink: Sink, ready: Ready) -> Result<Ended, StartError> {
    let (mut signals, hangups) = signals::heed();
    descriptors::raise(settings.server.max_connections);
    let server = settings.server.clone();
    let (gateway, operations) = (bind("listen", server.listen)?, bind("admin_listen", server.admin_listen)?);
    let tls = server.tls.as_ref().map(|tls| bind("tls.listen", tls.listen)).transpose()?;
    let listening = Listening {
        tls: tls.as_ref().map(|listener| local("tls.listen", listener, server.listen)).transpose()?,
        gateway: local("listen", &gateway, server.listen)?,
        operations: local("admin_listen", &operations, server.admin_listen)?,
    };
    let mut app = App::build(settings, source, hangups, sink).await?;
    let operations = operations_task(operations, app.health.clone());
    app.tasks.restarting("operations", operations);
    let sockets = [Some(gateway), tls];
    let mut accepting = tokio::spawn(accept(sockets, &server, &app)?);
    let tls_listen = listening.tls.map(tracing::field::display);
    info!(listen = %listening.gateway, tls_listen, admin_listen = %listening.operations, version = env!("CARGO_PKG_VERSION"), "ready");
    ready(listening);

    let ended = tokio::select! {
        () = signals.stop() => Ended::Stopped,
        _ = &mut accepting => Ended::Lost("listener"),
        name = app.tasks.lost() => Ended::Lost(name),
    };
    match ended {
        Ended::Stopped => info!("stopping: no new requests, those in flight are finished"),
        Ended::Lost(task) => error!(task, "stopping: a task without which nothing may be served has ended"),
    }
    let patience = app.snapshot.load().settings.server.shutdown_timeout;
    tokio::select! {
        () = drain(app, accepting, patience) => {}
        () = signals.stop() => warn!("told to stop again: requests in flight are cut"),
    }
    Ok(ended)
}

fn bind(key: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let listen = |source| StartError::Listen { key, address, source };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(listen)?;
    socket.set_reuseaddr(true).map_err(listen)?;
    socket.bind(address).map_err(listen)?;
    socket.listen(BACKLOG).and_then(tokio::net::TcpListener::into_std).map_err(listen)
}

fn local(key: &'static str, listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { key, address, source })
}

/// The operations listener survives a panic of its task: the socket is kept outside of it.
fn operations_task(
    listener: TcpListener,
    health: Health,
) -> impl FnMut() -> futures_util::future::BoxFuture<'static, ()> {
    move || {
        let (listener, health) = (listener.try_clone(), health.clone());
        Box::pin(async move {
            match listener.and_then(tokio::net::TcpListener::from_std) {
                Ok(listener) => Operations::new(listener, health).serve().await,
                Err(error) => error!(%error, "the operations listener cannot be used"),
            }
        })
    }
}

/// Hands our sockets to Pingora and accepts until the watch says stop.
fn accept(
    sockets: [Option<TcpListener>; 2],
    server: &Server,
    app: &App,
) -> Result<impl Future<Output = ()> + Send + use<>, StartError> {
    let conf = Arc::new(ServerConf {
        threads: server.threads,
        upstream_keepalive_pool_size: UPSTREAM_POOL,
        max_retries: MAX_TRIES,
        ca_file: app.authorities.as_ref().map(Authorities::path),
        ..ServerConf::default()
    });
    let carrier = Carrier::new(Arc::clone(&app.services), Arc::clone(&app.snapshot));
    let (journal, snapshot) = (app.services.journal.clone(), Arc::clone(&app.snapshot));
    let house = Arc::new(House::new(http_proxy(&conf, carrier), journal, snapshot));
    let entrances = [Some(Entrance::Plain { h2c: server.h2c }), app.certificates.clone().map(Entrance::Tls)];
    let services = sockets.into_iter().zip(entrances).filter_map(|(socket, entrance)| Some((socket?, entrance?)));
    let services = services.map(|(socket, entrance)| service(socket, Guarded::new(Arc::clone(&house), entrance)));
    let started = services.collect::<Result<Vec<_>, StartError>>()?;
    let stop = app.stop.clone();
    Ok(async move {
        let running = started.into_iter().map(|(mut service, fds)| {
            let shutdown = stop.subscribe();
            async move { service.start_service(Some(fds), shutdown, 1).await }
        });
        // Each accepts until the stop; one that ends before is the loss of the listener.
        let mut running: Vec<_> = running.map(Box::pin).collect();
        while !running.is_empty() {
            let ((), _, rest) = futures_util::future::select_all(running).await;
            if !*stop.borrow() {
                return;
            }
            running = rest;
        }
    })
}

fn service<A: ServerApp + Send + Sync + 'static>(
    socket: TcpListener,
    app: A,
) -> Result<(Service<A>, ListenFds), StartError> {
    let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
    let name = local("listen", &socket, unspecified)?.to_string();
    let mut service = Service::new("gateway".to_owned(), app);
    service.add_listener(ListenerConfig::tcp(&name).l4_buffer(L4BufferSettings::new(READ_BUFFER, WRITE_BUFFER)));
    let mut fds = Fds::new();
    fds.add(name, socket.into_raw_fd());
    Ok((service, Arc::new(Mutex::new(fds))))
}

/// Takes no new connection, lets requests in flight finish, and gives up after the time-out.
async fn drain(app: App, accepting: tokio::task::JoinHandle<()>, patience: Duration) {
    app.stop.send_replace(true);
    if !accepting.is_finished() {
        // A panic while accepting ended it as well.
        let _ = accepting.await;
    }
    let metrics = app.services.journal.metrics();
    let (began, in_flight) = (Instant::now(), metrics.in_flight().clone());
    while metrics.connections().get() > 0 && began.elapsed() < LAST_REQUESTS {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    while in_flight.get() > 0 && began.elapsed() < patience {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    match in_flight.get() {
        0 => info!("stopped"),
        left => warn!(left, "stopped, with requests still in flight ([server] shutdown_timeout)"),
    }
    match app.announcer.finish(LAST_WORDS).await {
        0 => {}
        left => error!(left, "stopped, with revocations that could not be written to the change log"),
    }
    app.tasks.stop().await;
    // Nothing is judged any more: nobody needs to wait for this node.
    app.membership.leave().await;
}

const UPSTREAM_POOL: usize = 1024;
/// More than the servers of any upstream; each is tried once.
const MAX_TRIES: usize = 64;
/// Pingora's 64 KiB a connection cost more to clear than they save; long bodies pass by them.
const READ_BUFFER: usize = 4096;
const WRITE_BUFFER: usize = 4096;
/// Linux caps it by `net.core.somaxconn`.
const BACKLOG: u32 = 4096;
/// Idle connections are given a moment for requests that are on their way; a little more than the listener gives.
const LAST_REQUESTS: Duration = Duration::from_millis(300);
/// For what could not be written yet; then it is lost with this process.
const LAST_WORDS: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

#[cfg(test)]
#[path = "panic_tests.rs"]
mod panic_tests;
