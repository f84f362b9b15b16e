//! TLS on both sides: old versions, wrong names, certificates that change.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Script;
use crate::support::issuer::Issuer;
use crate::support::keys::certificate;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request};
use crate::support::setup::{Running, Setup};
use crate::support::tls::{self, Client, Pair, pem};

pub const SCRIPTS: &[(&str, Script)] = &[
    ("TLS-001", |_| refused_hello(0x0300, MODERN)),
    ("TLS-002", |_| refused_hello(0x0301, MODERN)),
    ("TLS-003", |_| refused_hello(0x0302, MODERN)),
    ("TLS-004", |_| refused_hello(0x0303, OUTDATED)),
    ("TLS-005", |_| plain_http()),
    ("TLS-006", |_| another_host()),
    ("TLS-007", |_| a_name_of_nobody()),
    ("TLS-014", |_| a_certificate_is_replaced()),
    ("TLS-015", |_| an_expired_certificate()),
    ("TLS-019", |_| peers_of_another_name(&["*.localhost", "a.localhost", "localhost.evil.test", "*"])),
    ("TLS-020", |_| a_peer_of_an_old_version()),
    ("TLS-021", |_| peers_of_another_name(&["localhost\0.evil.test", "localhost\0"])),
];

/// ECDHE with AES-GCM and ChaCha20, which the gateway takes from a client of a version that it takes.
const MODERN: &[u16] = &[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8];
/// CBC, RC4, 3DES, NULL, EXPORT, anonymous, static RSA (with GCM too), and finite-field Diffie-Hellman.
const OUTDATED: &[u16] = &[
    0xc013, 0xc014, 0xc009, 0xc00a, 0xc023, 0xc027, 0xc011, 0xc007, 0xc012, 0xc008, 0xc010, 0xc006, 0x0003, 0x0008,
    0x0062, 0x0064, 0x0034, 0x0018, 0xc018, 0xc016, 0x002f, 0x0035, 0x003c, 0x009c, 0x009d, 0x000a, 0x0005, 0x0001,
    0x0033, 0x009e,
];

fn start(hosts: &str, until: &str) -> Running {
    let mut setup = Setup::new();
    let own = Pair::write_until(setup.directory(), "own", "own-ec", hosts, until);
    let other = Pair::write(setup.directory(), "other", "other-ec", "other.test");
    setup.config.server += &format!("[server.tls]\nlisten = \"127.0.0.1:0\"\n{}", own.settings());
    setup.config.server += &format!("[[server.tls.sni]]\n{}", other.settings());
    setup.start()
}

fn started() -> (Running, SocketAddr) {
    let running = start("gw.test", FAR);
    let address = running.gateway.tls.unwrap();
    (running, address)
}

/// The status of a request for a host, over a connection that asked for a name.
fn status(address: SocketAddr, sni: &str, host: &str) -> u16 {
    let mut connection = Connection::over(Client::asking(sni, &[]).connect(address).unwrap());
    connection.send(&Request::get("/public/x").with("Host", host).bytes());
    connection.response().unwrap().status
}

/// The answer to a client of that version with these suites is an alert, or the end.
fn refused_hello(version: u16, suites: &[u16]) {
    let (running, address) = started();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&client_hello(version, suites)).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    const ALERT: u8 = 21;
    assert!(answer.is_empty() || answer[0] == ALERT, "a handshake began: {answer:02x?}");
    assert_eq!(status(address, "gw.test", "gw.test"), 200, "others are not served");
    assert!(running.gateway.metric("doorward_connections_dropped_total", &["tls-handshake"]) >= 1.0);
}

/// A ClientHello (RFC 5246 §7.4.1.2) with groups, points and signature algorithms that would do.
fn client_hello(version: u16, suites: &[u16]) -> Vec<u8> {
    let [high, low] = version.to_be_bytes();
    let extension = |kind: u16, content: &[u8]| {
        [&kind.to_be_bytes()[..], &u16::try_from(content.len()).unwrap().to_be_bytes(), content].concat()
    };
    let extensions = [
        extension(10, &[0, 4, 0, 29, 0, 23]),
        extension(11, &[1, 0]),
        extension(13, &[0, 8, 4, 3, 4, 1, 8, 4, 2, 1]),
        extension(0, b"\0\x0a\0\0\x07gw.test"),
    ]
    .concat();
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let body =
        [&[high, low][..], &[7; 32], &[0], &length(&suites), &suites, &[1, 0], &length(&extensions), &extensions]
            .concat();
    let message = [&[1, 0][..], &length(&body), &body].concat();
    [&[22, 3, low.min(1)][..], &length(&message), &message].concat()
}

fn plain_http() {
    let (_running, address) = started();
    let began = Instant::now();
    let answer = Request::get("/public/x").send(address);
    assert!(answer.status == 400 && began.elapsed() < Duration::from_secs(5), "{}", answer.shown());
}

fn another_host() {
    let (running, address) = started();
    for (sni, host) in [("gw.test", "other.test"), ("other.test", "gw.test")] {
        assert_eq!(status(address, sni, host), 421);
        let socket = Client::asking(sni, &["h2"]).connect(address).unwrap();
        let mut connection = crate::support::h2::Connection::over(socket);
        let mut fields = crate::support::h2::get("/public/x");
        fields[2].1 = host.into();
        connection.send(&crate::support::h2::headers(1, &fields, true));
        assert_eq!(connection.outcome(1, PATIENCE).status, Some(421));
    }
    assert_eq!(running.upstream().count(), 0);
}

fn a_name_of_nobody() {
    let (running, address) = started();
    for host in ["gw.test", "other.test", "strange.test"] {
        assert_eq!(status(address, "strange.test", host), 421);
    }
    // Who names nobody gets the first certificate, and its hosts.
    assert_eq!(status(address, "127.0.0.1", "other.test"), 421);
    assert_eq!(running.upstream().count(), 0);
}

fn a_certificate_is_replaced() {
    let (running, address) = started();
    let client = Client::asking("gw.test", &[]);
    let mut open = Connection::over(client.connect(address).unwrap());
    let first = client.shown(address).unwrap();
    let file = running.setup.directory().join("own.pem");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let noticed = || running.gateway.metric("doorward_certificate_reloads_total", &["failed"]) > 0.0;
    wait_for("the half file to be seen", || noticed().then_some(()));
    assert_eq!(client.shown(address).unwrap(), first, "a half-written file was used");
    Pair::write(running.setup.directory(), "own", "next-ec", "gw.test");
    let began = Instant::now();
    wait_for("the new certificate", || (client.shown(address).unwrap() != first).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(5));
    open.send(&Request::get("/public/x").bytes());
    assert_eq!(open.response().unwrap().status, 200, "an open connection was lost");
}

fn an_expired_certificate() {
    let running = start("gw.test", "20210101000000Z");
    assert_eq!(status(running.gateway.tls.unwrap(), "gw.test", "gw.test"), 200);
    let expired = running.gateway.metric("doorward_certificate_expires_seconds", &["gw.test"]);
    assert_eq!(expired, 1_609_459_200.0);
}

/// An application and a Keycloak at `localhost` whose certificates are for these names, by an authority that is trusted.
fn peers_of_another_name(names: &[&str]) {
    assert_eq!(status_through("localhost"), 200, "a good certificate is not taken");
    for name in names {
        assert_eq!(status_through(name), 502, "{name:?} was taken for localhost");
    }
    let setup = Setup::with_issuer(Issuer::start_tls(names[0]));
    let running = setup.start_unready(&[]);
    let answer = running.gateway.send(Request::get("/api/x").bearer(&running.new_token("alice")));
    assert_eq!(answer.status, 503, "{}", answer.shown());
}

/// The status of a request to an application whose certificate is for that name.
fn status_through(name: &str) -> u16 {
    let config = tls::server("peer-ec", name);
    let answering = move |stream: TcpStream| {
        let mut stream = tls::accept(stream, &config);
        let mut request = [0; 4096];
        if stream.read(&mut request).is_ok() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    };
    let (address, seen) = serve(answering);
    let status = ask(address, &pem("CERTIFICATE", &certificate("peer-ec", name)));
    assert!(seen.elapsed() < PATIENCE);
    status
}

fn a_peer_of_an_old_version() {
    let answering = |mut stream: TcpStream| {
        let mut hello = [0; 4096];
        let _ = stream.read(&mut hello);
        // A ServerHello of TLS 1.0 with AES-CBC.
        let body = [&[3, 1][..], &[9; 32], &[0, 0xc0, 0x13, 0]].concat();
        let message = [&[2, 0, 0, u8::try_from(body.len()).unwrap()][..], &body].concat();
        let record = [&[22, 3, 1, 0, u8::try_from(message.len()).unwrap()][..], &message].concat();
        let _ = stream.write_all(&record);
        let _ = stream.read(&mut hello);
    };
    let (address, _) = serve(answering);
    assert_eq!(ask(address, &pem("CERTIFICATE", &certificate("peer-ec", "localhost"))), 502);
}

fn serve(answering: impl Fn(TcpStream) + Send + Sync + 'static) -> (SocketAddr, Instant) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answering = Arc::new(answering);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answering = Arc::clone(&answering);
            std::thread::spawn(move || answering(stream));
        }
    });
    (address, Instant::now())
}

/// The status of a request through a gateway that trusts that authority, to an application at `localhost`.
fn ask(application: SocketAddr, authority: &str) -> u16 {
    let mut setup = Setup::new();
    let trusted = setup.directory().join("authority.pem");
    fs::write(&trusted, authority).unwrap();
    let (old, new) = (setup.upstream.url(), format!("https://localhost:{}", application.port()));
    setup.config.upstreams = setup.config.upstreams.replace(&old, &new);
    let running = setup.start_unready(&[("SSL_CERT_FILE", trusted.to_str().unwrap())]);
    wait_for("the name", || {
        let answer = running.gateway.send(Request::get("/public/x"));
        (answer.status != 503).then_some(answer.status)
    })
}

const FAR: &str = "20991231000000Z";
