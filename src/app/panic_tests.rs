//! "No request can panic the process": panics are caused in every hook and in the connection's own code, over real
//! connections to the whole gateway, and each ends its request and nothing else.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::apps::{HttpServerApp, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tracing::subscriber::DefaultGuard;

use super::super::signals::Hangups;
use super::*;
use crate::telemetry::Format;

/// A gateway, and an application that says `hello`.
struct Stage {
    address: SocketAddr,
    app: App,
    sink: Sink,
    /// Lets the application say the second half of `/slow`.
    go_on: Arc<Notify>,
    _folder: TempDir,
    _logging: DefaultGuard,
}

impl Stage {
    async fn set() -> Self {
        Self::with(|app, socket, server| {
            let accepting = accept([Some(socket), None], server, app).unwrap();
            tokio::spawn(accepting);
        })
        .await
    }

    /// A gateway whose proxy is another.
    async fn with(open: impl FnOnce(&App, TcpListener, &Server)) -> Self {
        crate::app::install_cryptography();
        let sink = Sink::kept(Format::Json);
        let lines = tracing_subscriber::fmt().json().flatten_event(true).with_writer(sink.clone());
        let logging = tracing::subscriber::set_default(lines.finish());
        let (folder, go_on) = (tempfile::tempdir().unwrap(), Arc::new(Notify::new()));
        let upstream = application(Arc::clone(&go_on)).await;
        let nobody = bind("nobody", ([127, 0, 0, 1], 0).into()).unwrap().local_addr().unwrap();
        let text = SETTINGS
            .replace("{database}", folder.path().join("users.db").to_str().unwrap())
            .replace("{app}", &upstream.to_string())
            .replace("{nobody}", &nobody.to_string());
        let read = Settings::from_text("the test", &text, &|_| Some("secret".into()));
        let (settings, _) = read.unwrap_or_else(|complaints| panic!("{complaints}"));
        let (server, socket) = (settings.server.clone(), bind("listen", settings.server.listen).unwrap());
        let address = socket.local_addr().unwrap();
        let app = App::build(settings, None, Hangups::deaf(), sink.clone()).await.unwrap();
        open(&app, socket, &server);
        Self { address, app, sink, go_on, _folder: folder, _logging: logging }
    }

    fn panics(&self) -> f64 {
        let text = self.app.health.scrape().unwrap();
        let line = text.lines().find(|line| line.starts_with("doorward_panics_total ")).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.sink.lines().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn connect_http2(&self) -> h2::client::SendRequest<Bytes> {
        let (client, connection) = h2::client::handshake(self.connect().await).await.unwrap();
        tokio::spawn(connection);
        client.ready().await.unwrap()
    }

    /// Everything that there is to say about requests has been said.
    async fn settled(&self) {
        let metrics = self.app.services.journal.metrics();
        while metrics.in_flight().get() > 0 {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// What must hold after panics that a hook has caught: each is counted, and logged once under the id of the request,
    /// which has one line of its own.
    async fn assert_told(&self, before: (f64, usize), hooks: &str, status: u16) -> String {
        self.settled().await;
        let lines = self.lines().split_off(before.1);
        let hooks: Vec<&str> = hooks.split(',').collect();
        assert_eq!(self.panics() - before.0, hooks.len() as f64, "{hooks:?}: {lines:?}");
        let of = |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
        let (panics, requests) = (of("a panic ended a request"), of("request"));
        assert_eq!(panics.iter().map(|line| line["hook"].as_str().unwrap()).collect::<Vec<_>>(), hooks, "{lines:?}");
        assert_eq!(requests.len(), 1, "{hooks:?}: {lines:?}");
        let id = requests[0]["request_id"].as_str().unwrap();
        assert!(!id.is_empty() && panics.iter().all(|line| line["request_id"] == id), "{hooks:?}: {lines:?}");
        assert_eq!(requests[0]["status"], status, "{hooks:?}: {lines:?}");
        let reason = if hooks == ["logging"] { "" } else { "internal" };
        assert_eq!(requests[0]["reason"], reason, "{hooks:?}: {lines:?}");
        id.to_owned()
    }
}

/// Once the client has some of the body.
const LATE: &str = "upstream_response_body_filter+";
/// The hooks in which each of these requests panics, in their order.
const PANICS: &[(&str, &str, &str)] = &[
    ("GET", "/hello", "request_filter"),
    ("GET", "/auth/openapi.json", "request_filter"),
    ("GET", "/hello", "upstream_peer"),
    ("GET", "/nobody", "fail_to_connect"),
    ("GET", "/hello", "connected_to_upstream"),
    ("GET", "/hello", "upstream_request_filter"),
    ("POST", "/hello", "request_body_filter"),
    ("GET", "/closed", "error_while_proxy"),
    ("GET", "/hello", "upstream_response_filter"),
    ("GET", "/hello", "response_filter"),
    ("GET", "/hello", "upstream_peer,fail_to_proxy"),
    ("GET", "/nobody", "fail_to_connect,fail_to_proxy,logging"),
];

#[tokio::test]
async fn a_panic_in_any_hook_is_answered_500_counted_and_logged_once() {
    let stage = Stage::set().await;
    let mut bystander = stage.connect().await;
    assert_eq!(exchange(&mut bystander, "GET", "/hello", "").await.0, 200);
    for (method, path, hooks) in PANICS {
        let before = (stage.panics(), stage.lines().len());
        let mut connection = stage.connect().await;
        let (status, body) = exchange(&mut connection, method, path, hooks).await;
        assert_eq!(status, 500, "{hooks}: {body}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(connection.read(&mut [0; 1]).await.unwrap(), 0, "{hooks}: the connection goes on");
        let id = stage.assert_told(before, hooks, 500).await;
        assert_eq!(problem["type"], "/problems/internal", "{hooks}");
        assert!(problem["instance"].as_str().unwrap().contains(&id), "{hooks}: {body}");
        assert_eq!(exchange(&mut bystander, "GET", "/hello", "").await, (200, "hello".into()), "{hooks}");
    }
}

#[tokio::test]
async fn a_panic_in_any_hook_ends_its_stream_of_http2_and_no_other() {
    let stage = Stage::set().await;
    let mut client = stage.connect_http2().await;
    for (method, path, hooks) in PANICS {
        let before = (stage.panics(), stage.lines().len());
        let (status, body) = stream(&mut client, method, path, hooks).await.unwrap();
        assert_eq!(status, 500, "{hooks}: {body}");
        stage.assert_told(before, hooks, 500).await;
        assert_eq!(stream(&mut client, "GET", "/hello", "").await.unwrap(), (200, "hello".into()), "{hooks}");
    }
}

#[tokio::test]
async fn a_panic_in_the_middle_of_an_answer_ends_the_connection() {
    let stage = Stage::set().await;
    let before = (stage.panics(), stage.lines().len());
    let mut connection = stage.connect().await;
    connection.write_all(request("GET", "/slow", LATE).as_bytes()).await.unwrap();
    let head = read_head(&mut connection).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let mut begun = [0; 8];
    connection.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"3\r\nhel\r\n");
    stage.go_on.notify_one();
    let mut rest = Vec::new();
    // An end or a reset, and no second answer behind the first.
    let _ = connection.read_to_end(&mut rest).await;
    assert_eq!(String::from_utf8(rest).unwrap(), "");
    stage.assert_told(before, "upstream_response_body_filter", 200).await;

    let before = (stage.panics(), stage.lines().len());
    let mut client = stage.connect_http2().await;
    let (response, _) = client.send_request(h2_request("GET", "/slow", LATE), true).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "hel");
    stage.go_on.notify_one();
    assert!(body.data().await.unwrap().is_err(), "the stream ends as if it were whole");
    stage.assert_told(before, "upstream_response_body_filter", 200).await;
    assert_eq!(stream(&mut client, "GET", "/hello", "").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_panic_while_the_line_is_written_leaves_the_answer_whole() {
    let stage = Stage::set().await;
    let before = (stage.panics(), stage.lines().len());
    let mut connection = stage.connect().await;
    assert_eq!(exchange(&mut connection, "GET", "/hello", "logging").await, (200, "hello".into()));
    stage.assert_told(before, "logging", 200).await;
}

#[tokio::test]
async fn a_panic_before_there_is_a_request_ends_its_connection() {
    let stage = Stage::set().await;
    let mut bystander = stage.connect().await;
    let mut connection = stage.connect().await;
    connection.write_all(request("GET", "/hello", "head").as_bytes()).await.unwrap();
    assert_eq!(connection.read(&mut [0; 1]).await.unwrap_or_default(), 0);
    let mut client = stage.connect_http2().await;
    assert!(stream(&mut client, "GET", "/hello", "stream").await.is_err());
    assert_eq!(stream(&mut client, "GET", "/hello", "").await.unwrap().0, 200, "another stream ended too");
    drop(client);
    assert_eq!(stage.panics(), 2.0);
    let told = stage.lines().into_iter().filter(|line| line["message"] == "a panic ended a connection");
    assert_eq!(told.count(), 2, "{}", stage.sink.lines());
    assert_eq!(exchange(&mut bystander, "GET", "/hello", "").await.0, 200);
    // Neither keeps its place.
    drop(bystander);
    while stage.app.services.journal.metrics().connections().get() > 0 {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A proxy that panics where no hook is.
struct Broken;

#[async_trait]
impl HttpServerApp for Broken {
    async fn process_new_http(
        self: &Arc<Self>,
        _session: ServerSession,
        _shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        panic!("on purpose")
    }
}

#[tokio::test]
async fn a_panic_of_the_library_ends_its_connection() {
    let stage = Stage::with(|app, socket, server| {
        let house = Arc::new(House::new(Broken, app.services.journal.clone(), Arc::clone(&app.snapshot)));
        let guarded = Guarded::new(house, Entrance::Plain { h2c: server.h2c });
        let (mut service, fds) = service(socket, guarded).unwrap();
        let shutdown = app.stop.subscribe();
        tokio::spawn(async move { service.start_service(Some(fds), shutdown, 1).await });
    })
    .await;
    for times in [1.0, 2.0] {
        let mut connection = stage.connect().await;
        connection.write_all(request("GET", "/hello", "").as_bytes()).await.unwrap();
        assert_eq!(connection.read(&mut [0; 1]).await.unwrap_or_default(), 0);
        assert_eq!(stage.panics(), times);
    }
    let mut client = stage.connect_http2().await;
    for times in [3.0, 4.0] {
        assert!(stream(&mut client, "GET", "/hello", "").await.is_err());
        assert_eq!(stage.panics(), times);
    }
}

fn request(method: &str, path: &str, panics: &str) -> String {
    let length = if method == "POST" { 4 } else { 0 };
    let body = &"body"[..length];
    format!("{method} {path} HTTP/1.1\r\nhost: gw.test\r\npanic-in: {panics}\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// One request, and its whole answer: status and body.
async fn exchange(connection: &mut TcpStream, method: &str, path: &str, panics: &str) -> (u16, String) {
    connection.write_all(request(method, path, panics).as_bytes()).await.unwrap();
    let head = read_head(connection).await;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{head:?}"));
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_else(|| panic!("{head:?}"))];
    connection.read_exact(&mut body).await.unwrap();
    (status, String::from_utf8(body).unwrap())
}

/// Up to its empty line, or to the end of the connection.
async fn read_head(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

fn h2_request(method: &str, path: &str, panics: &str) -> http::Request<()> {
    let uri = format!("http://gw.test{path}");
    http::Request::builder().method(method).uri(uri).header(crate::fault::FIELD, panics).body(()).unwrap()
}

async fn stream(
    client: &mut h2::client::SendRequest<Bytes>,
    method: &str,
    path: &str,
    panics: &str,
) -> Result<(u16, String), h2::Error> {
    let has_body = method == "POST";
    let (response, mut body) = client.send_request(h2_request(method, path, panics), !has_body)?;
    if has_body {
        body.send_data(Bytes::from_static(b"body"), true)?;
    }
    let response = response.await?;
    let (status, mut stream, mut text) = (response.status().as_u16(), response.into_body(), Vec::new());
    while let Some(chunk) = stream.data().await {
        text.extend_from_slice(&chunk?);
    }
    Ok((status, String::from_utf8(text).unwrap()))
}

/// Answers `hello`; `/slow` says half of it until it is told to go on, and `/closed` nothing at all.
async fn application(go_on: Arc<Notify>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let go_on = Arc::clone(&go_on);
            tokio::spawn(async move {
                loop {
                    let head = read_head(&mut stream).await;
                    if head.is_empty() || head.contains(" /closed ") {
                        return;
                    }
                    if head.starts_with("POST") {
                        stream.read_exact(&mut [0; 4]).await.unwrap();
                    }
                    if head.contains(" /slow ") {
                        // The library hands on at once what has no length.
                        let begun = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n";
                        stream.write_all(begun).await.unwrap();
                        go_on.notified().await;
                        let _ = stream.write_all(b"2\r\nlo\r\n0\r\n\r\n").await;
                    } else {
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await.unwrap();
                    }
                }
            });
        }
    });
    address
}

const SETTINGS: &str = r#"
[server]
listen = "127.0.0.1:0"
h2c = true
[keycloak]
issuer = "http://127.0.0.1:1/realms/none"
client_id = "doorward"
client_secret = { env = "SECRET" }
audience = "doorward"
events_interval = "0s"
[users]
database = "sqlite:{database}"
[[upstream]]
name = "app"
servers = ["http://{app}"]
[[upstream]]
name = "nobody"
servers = ["http://{nobody}"]
[[route]]
path = "/nobody"
upstream = "nobody"
access = "public"
[[route]]
path = "/*"
upstream = "app"
access = "public"
"#;
