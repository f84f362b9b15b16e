//! An identity provider with raw control over its keys and its faults: what the development realm is too well-bred for.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::http::{Framing, Reader, framing};
use super::keys::{PUBLISHED, jwks};
use super::tls;

/// The provider.
pub struct Issuer {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
}

/// How an endpoint answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A JSON document with 200.
    Json(Value),
    /// A status, fields and a body.
    Raw {
        /// The status.
        status: u16,
        /// Fields beside `Content-Length` and `Connection`.
        fields: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// 200 with so many bytes of an endless set of keys.
    Bytes(u64),
    /// The document of the other answer, one byte at a time.
    Drip(Duration, Value),
    /// Nothing, and the connection stays open.
    Hang,
    /// Nothing, and the connection ends.
    Reset,
    /// The other answer, later.
    Delay(Duration, Box<Answer>),
}

struct State {
    base: String,
    certs: Mutex<Answer>,
    discovery: Mutex<Answer>,
    introspection: Mutex<Answer>,
    paths: Mutex<Vec<String>>,
    given: AtomicUsize,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

impl Issuer {
    /// Starts one that publishes the fixture's keys.
    pub fn start() -> Self {
        Self::listen("http", |shared, stream| shared.serve(stream))
    }

    /// Starts one that speaks TLS with a certificate of its own for this host.
    pub fn start_tls(host: &str) -> Self {
        let config = tls::server("atk-ec", host);
        Self::listen("https", move |shared, stream| shared.serve(tls::accept(stream, &config)))
    }

    fn listen(scheme: &str, serve: impl Fn(&State, TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let base = format!("{scheme}://{address}/realms/cases");
        let state = Arc::new(State {
            certs: Mutex::new(Answer::Json(jwks(&PUBLISHED))),
            discovery: Mutex::new(Answer::Json(discovery(&base))),
            introspection: Mutex::new(Answer::Json(json!({"active": true}))),
            paths: Mutex::default(),
            given: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            base,
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().take_while(|_| !shared.stopped.load(Ordering::SeqCst)).flatten() {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (shared, serve) = (Arc::clone(&shared), serve.clone());
                thread::spawn(move || serve(&shared, stream));
            }
        });
        Self { address, state }
    }

    /// Its exact `iss`.
    pub fn url(&self) -> String {
        self.state.base.clone()
    }

    /// How the keys are answered from now on.
    pub fn certs(&self, answer: Answer) {
        *self.state.certs.lock().unwrap() = answer;
    }

    /// Publishes the keys of these names from now on.
    pub fn publish(&self, names: &[&str]) {
        self.certs(Answer::Json(jwks(names)));
    }

    /// Changes one member of the discovery document.
    pub fn discovery(&self, member: &str, value: Value) {
        let mut document = discovery(&self.state.base);
        document[member] = value;
        *self.state.discovery.lock().unwrap() = Answer::Json(document);
    }

    /// What is said of every token from now on.
    pub fn introspection(&self, answer: Answer) {
        *self.state.introspection.lock().unwrap() = answer;
    }

    /// How often a token was asked about.
    pub fn introspections(&self) -> usize {
        self.state.paths.lock().unwrap().iter().filter(|path| path.ends_with("/introspect")).count()
    }

    /// How often the keys were asked for.
    pub fn fetches(&self) -> usize {
        self.state.paths.lock().unwrap().iter().filter(|path| path.ends_with(CERTS)).count()
    }

    /// How many answers are over, whole or not.
    pub fn given(&self) -> usize {
        self.state.given.load(Ordering::SeqCst)
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Where the keys are.
    pub fn certs_url(&self) -> String {
        format!("{}{CERTS}", self.state.base)
    }

    /// Every path that was asked for.
    pub fn paths(&self) -> Vec<String> {
        self.state.paths.lock().unwrap().clone()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Answer {
    /// A status and a body of a type.
    pub fn raw(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Raw { status, fields: vec![("Content-Type".into(), content_type.into())], body: body.into() }
    }

    /// A redirect.
    pub fn redirect(location: &str) -> Self {
        Self::Raw { status: 302, fields: vec![("Location".into(), location.into())], body: vec![] }
    }
}

impl State {
    fn serve(&self, stream: impl Read + Write) {
        let mut reader = Reader::new(stream);
        let Ok(Some(head)) = reader.head() else { return };
        let _ = reader.body(framing(&head, Framing::Length(0)), |_| {});
        let line = String::from_utf8_lossy(&head).into_owned();
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        self.paths.lock().unwrap().push(path.clone());
        let answer = if path.ends_with(CERTS) {
            self.certs.lock().unwrap().clone()
        } else if path.ends_with("/.well-known/openid-configuration") {
            self.discovery.lock().unwrap().clone()
        } else if path.ends_with("/token/introspect") {
            self.introspection.lock().unwrap().clone()
        } else if path.ends_with("/logout") {
            Answer::raw(204, "text/plain", "")
        } else {
            Answer::raw(404, "text/plain", "not here")
        };
        let _ = give(&answer, &mut reader);
        drop(reader);
        self.given.fetch_add(1, Ordering::SeqCst);
    }
}

fn give(answer: &Answer, reader: &mut Reader<impl Read + Write>) -> std::io::Result<()> {
    match answer {
        Answer::Json(document) => give(&Answer::raw(200, "application/json", document.to_string()), reader),
        Answer::Raw { status, fields, body } => {
            let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} Said\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n");
            reader.stream.write_all(&[head.as_bytes(), body].concat())
        }
        Answer::Bytes(count) => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {count}\r\n\r\n");
            reader.stream.write_all(head.as_bytes())?;
            reader.stream.write_all(b"{\"keys\":[")?;
            (0..count / 65536).try_for_each(|_| reader.stream.write_all(&[b' '; 65536]))
        }
        Answer::Drip(pause, document) => {
            let text = document.to_string();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", text.len());
            reader.stream.write_all(head.as_bytes())?;
            text.bytes().try_for_each(|byte| {
                thread::sleep(*pause);
                reader.stream.write_all(&[byte])
            })
        }
        Answer::Hang => reader.body(Framing::UntilClose, |_| {}),
        Answer::Reset => Ok(()),
        Answer::Delay(time, answer) => {
            thread::sleep(*time);
            give(answer, reader)
        }
    }
}

fn discovery(base: &str) -> Value {
    let protocol = format!("{base}/protocol/openid-connect");
    json!({
        "issuer": base,
        "authorization_endpoint": format!("{protocol}/auth"),
        "token_endpoint": format!("{protocol}/token"),
        "introspection_endpoint": format!("{protocol}/token/introspect"),
        "end_session_endpoint": format!("{protocol}/logout"),
        "jwks_uri": format!("{base}{CERTS}"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "authorization_response_iss_parameter_supported": true,
        "code_challenge_methods_supported": ["S256"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    })
}

const CERTS: &str = "/protocol/openid-connect/certs";

#[test]
fn the_issuer_answers_and_counts() {
    let issuer = Issuer::start();
    let certs = || super::raw::Request::get("/realms/cases/protocol/openid-connect/certs").try_send(issuer.address);
    assert_eq!(certs().unwrap().json()["keys"].as_array().unwrap().len(), PUBLISHED.len());
    issuer.certs(Answer::raw(500, "text/html", "<html>"));
    assert_eq!(certs().unwrap().status, 500);
    issuer.certs(Answer::Reset);
    assert!(certs().is_err());
    assert_eq!(issuer.fetches(), 3);
}
