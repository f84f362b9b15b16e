//! Applications that speak TLS, by a certificate that the gateway is told to believe.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::{self, SendResponse};
use pingora::tls::TlsAcceptor;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio::runtime::Runtime;

use crate::support::gateway::Gateway;
use crate::support::http::Reader;
use crate::support::keys::certificate;
use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request};
use crate::support::recorder::ANSWER;
use crate::support::setup::{Running, Setup};
use crate::support::tls;
use crate::support::websocket::{SWITCH, upgrade};

/// A gateway that believes the certificate of an application, with more keys of its upstream and of its route.
fn start(application: SocketAddr, upstream: &str, route: &str) -> Running {
    let mut setup =
        Setup::with_routes(&format!("[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\n{route}"));
    setup.config.upstreams = format!("[[upstream]]\nname = \"app\"\nservers = [\"https://{application}\"]\n{upstream}");
    let believed = setup.directory().join("believed.pem");
    fs::write(&believed, tls::pem("CERTIFICATE", &certificate(KEY, HOST))).unwrap();
    let gateway = Gateway::start_with(&setup.write(), &[("SSL_CERT_FILE", believed.to_str().unwrap())]);
    Running { gateway, setup }
}

const KEY: &str = "peer-ec";
const HOST: &str = "127.0.0.1";

/// An application that speaks HTTP/2 over TLS and nothing else; it sends bodies back and says how it was asked.
struct Application {
    address: SocketAddr,
    /// How often its health was asked for.
    checks: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Application {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let checks = Arc::new(AtomicUsize::new(0));
        let mut config = ServerConfig::clone(&tls::server(KEY, HOST));
        config.alpn_protocols = vec![b"h2".to_vec()];
        runtime.spawn(listen(listener, TlsAcceptor::from(Arc::new(config)), Arc::clone(&checks)));
        Self { address, checks, _runtime: runtime }
    }
}

async fn listen(listener: tokio::net::TcpListener, acceptor: TlsAcceptor, checks: Arc<AtomicUsize>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (acceptor, checks) = (acceptor.clone(), Arc::clone(&checks));
        tokio::spawn(async move {
            let stream = acceptor.accept(stream).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            let mut connection = server::handshake(stream).await.unwrap();
            while let Some(Ok((request, respond))) = connection.accept().await {
                checks.fetch_add(usize::from(request.uri().path() == "/healthz"), Ordering::SeqCst);
                tokio::spawn(answer(request, respond));
            }
        });
    }
}

async fn answer(request: http::Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    let head = http::Response::builder()
        .header("seen-version", format!("{:?}", request.version()))
        .header("seen-target", request.uri().to_string());
    let mut answer = respond.send_response(head.body(()).unwrap(), false).unwrap();
    let mut body = request.into_body();
    while let Some(Ok(piece)) = body.data().await {
        let _ = body.flow_control().release_capacity(piece.len());
        answer.send_data(piece, false).unwrap();
    }
    let _ = answer.send_data(Bytes::new(), true);
}

/// A connection that an application has accepted.
type Tls = StreamOwned<ServerConnection, TcpStream>;

/// An application that speaks with every connection by itself and offers no protocol by ALPN; it tells of each that ended.
pub(super) fn serve(speak: fn(Tls) -> io::Result<()>) -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (config, (end, ended)) = (tls::server(KEY, HOST), mpsc::channel());
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let (config, end) = (Arc::clone(&config), end.clone());
            thread::spawn(move || {
                let _ = speak(tls::accept(socket, &config));
                let _ = end.send(());
            });
        }
    });
    (address, ended)
}

/// Answers one request.
fn answer_once(stream: Tls) -> io::Result<()> {
    let mut reader = Reader::new(stream);
    reader.head()?;
    reader.stream.write_all(ANSWER.as_bytes())
}

/// Opens a WebSocket and sends back what comes, up to a close frame or the end.
pub(super) fn echo(stream: Tls) -> io::Result<()> {
    let mut reader = Reader::new(stream);
    reader.head()?;
    let mut stream = reader.stream;
    stream.write_all(SWITCH.as_bytes())?;
    loop {
        let mut frame = [0; 1024];
        let count = stream.read(&mut frame)?;
        stream.write_all(&frame[..count])?;
        if count == 0 || frame[0] == CLOSE[0] {
            stream.conn.send_close_notify();
            return stream.flush();
        }
    }
}

const HELLO: &[u8] = b"\x81\x85\x00\x00\x00\x00hello";
const CLOSE: &[u8] = b"\x88\x80\x00\x00\x00\x00";

/// A WebSocket that has been seen to live.
fn open(running: &Running) -> Connection {
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&upgrade("/feed").bytes());
    let answer = connection.response().unwrap();
    assert_eq!(answer.status, 101, "{}", answer.shown());
    connection.send(HELLO);
    assert_eq!(connection.read(HELLO.len()).unwrap(), HELLO);
    connection
}

#[test]
fn http2_is_spoken_over_tls() {
    let application = Application::start();
    let running = start(application.address, "http2 = true\n", "");
    for _ in 0..3 {
        let answer = running.gateway.send(Request::new("POST", "/x?y=1").body("hello"));
        assert_eq!((answer.status, &answer.body[..]), (200, &b"hello"[..]), "{}", answer.shown());
        assert_eq!(answer.value("Seen-Version"), "HTTP/2.0");
        assert_eq!(answer.value("Seen-Target"), "https://gw.test/x?y=1");
    }
}

#[test]
fn the_health_of_an_application_is_asked_by_http2_over_tls_too() {
    let application = Application::start();
    let health = "health = { path = \"/healthz\", interval = \"100ms\", timeout = \"5s\", up = 1, down = 1 }\n";
    let running = start(application.address, &format!("http2 = true\n{health}"), "");
    wait_for("checks", || (application.checks.load(Ordering::SeqCst) > 3).then_some(()));
    let is_up = running.gateway.metric("doorward_upstream_server_up", &[&application.address.to_string()]);
    assert_eq!(is_up, 1.0);
    assert_eq!(running.gateway.metric("doorward_upstream_passed_over_total", &["health-check"]), 0.0);
}

#[test]
fn where_http2_is_meant_nothing_else_is_spoken() {
    let (application, _ended) = serve(answer_once);
    assert_eq!(start(application, "", "").gateway.send(Request::get("/x")).status, 200);
    let answer = start(application, "http2 = true\n", "").gateway.send(Request::get("/x"));
    assert_eq!(answer.status, 502, "HTTP/1.1 was spoken: {}", answer.shown());
}

#[test]
fn a_websocket_opens_over_tls_and_its_close_passes() {
    let (application, ended) = serve(echo);
    let running = start(application, "", "websocket = true\n");
    for _ in 0..50 {
        let mut connection = open(&running);
        connection.send(CLOSE);
        assert_eq!(connection.read(CLOSE.len()).unwrap(), CLOSE);
        assert!(connection.is_closed_within(PATIENCE), "the application has closed, and the client is not told");
        ended.recv_timeout(PATIENCE).unwrap();
    }
    let line = running.gateway.log.wait(PATIENCE, |line| field(line, "path") == Some("/feed")).unwrap();
    assert_eq!((&line["status"], &line["reason"]), (&101.into(), &"".into()), "{line}");
}

#[test]
fn an_application_behind_tls_hears_that_the_client_of_a_websocket_has_left() {
    let (application, ended) = serve(echo);
    let running = start(application, "", "websocket = true\n");
    drop(open(&running));
    assert!(ended.recv_timeout(PATIENCE).is_ok(), "the application is not told");
}
