//! A client that sends bytes as they are.

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::http::{Framing, Reader, dechunked, fields, framing, values};
use super::socket::Socket;
use super::words::bytes;

/// A connection to a server.
pub struct Connection {
    reader: Reader<Socket>,
    /// Whether the answer to a HEAD is awaited, which has no body.
    pub head_only: bool,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Status line, fields and empty line.
    pub head: Vec<u8>,
    /// Its body, without the lines of its chunks.
    pub body: Vec<u8>,
}

/// A request in the making.
#[derive(Clone)]
pub struct Request {
    method: String,
    path: String,
    fields: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> Self {
        Self::try_open(address).unwrap()
    }

    /// Connects to a server that may not be there.
    pub fn try_open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self::over(Socket::Plain(stream)))
    }

    /// Speaks on a socket that is there.
    pub fn over(socket: Socket) -> Self {
        Self { reader: Reader::new(socket), head_only: false }
    }

    /// Sends bytes; a server that has already answered and gone is no error.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.reader.stream.write_all(bytes);
    }

    /// Says that no more will be sent.
    pub fn finish(&mut self) {
        let _ = self.reader.stream.tcp().shutdown(Shutdown::Write);
    }

    /// How long a read may take.
    pub fn patience(&mut self, timeout: Duration) {
        self.reader.stream.tcp().set_read_timeout(Some(timeout)).unwrap();
    }

    /// The head of the next final answer.
    pub fn head(&mut self) -> io::Result<Vec<u8>> {
        for _ in 0..MOST_INFORMATIONAL {
            let head = self.reader.head()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if !(100..200).contains(&status(&head)) || status(&head) == 101 {
                return Ok(head);
            }
        }
        Err(io::Error::other("informational answers without end"))
    }

    /// The next final answer.
    pub fn response(&mut self) -> io::Result<Response> {
        let head = self.head()?;
        let status = status(&head);
        let bodyless = self.head_only || status == 204 || status == 304 || status == 101;
        let framing = if bodyless { Framing::Length(0) } else { framing(&head, Framing::UntilClose) };
        let mut body = Vec::new();
        self.reader.body(framing, |piece| body.extend(piece))?;
        let body = if framing == Framing::Chunked { dechunked(&body) } else { body };
        Ok(Response { status, head, body })
    }

    /// The next bytes, at least so many.
    pub fn read(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.reader.buffer.len() < count {
            if self.reader.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(std::mem::take(&mut self.reader.buffer))
    }

    /// Whether the server ends the connection within that time.
    pub fn is_closed_within(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.patience(left);
            match self.reader.fill() {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
            }
        }
        false
    }
}

impl Response {
    /// The values of a field.
    pub fn values(&self, name: &str) -> Vec<String> {
        values(&self.head, name)
    }

    /// The value of a field; empty where it is not there.
    pub fn value(&self, name: &str) -> String {
        self.values(name).into_iter().next().unwrap_or_default()
    }

    /// The fields in order.
    pub fn fields(&self) -> Vec<(String, String)> {
        fields(&self.head)
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.shown()))
    }

    /// All of it, for people.
    pub fn shown(&self) -> String {
        format!("{}{}", self.head.escape_ascii(), self.body.escape_ascii())
    }
}

impl Request {
    /// A GET.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// Any request.
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), fields: vec![], body: None }
    }

    /// With a field.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a token.
    pub fn bearer(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// With a body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// With a JSON body.
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.with("Content-Type", "application/json").body(body.to_string())
    }

    /// The bytes of it; `Host` and `Content-Length` are added where they are not given.
    pub fn bytes(&self) -> Vec<u8> {
        let has = |name: &str| self.fields.iter().any(|(field, _)| field.eq_ignore_ascii_case(name));
        let mut out = bytes(&format!("{} {} HTTP/1.1\r\n", self.method, self.path));
        if !has("host") {
            out.extend(b"Host: gw.test\r\n");
        }
        for (name, value) in &self.fields {
            out.extend(bytes(&format!("{name}: {value}\r\n")));
        }
        if let Some(body) = self.body.as_ref().filter(|_| !has("content-length") && !has("transfer-encoding")) {
            out.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
        }
        out.extend(b"\r\n");
        out.extend(self.body.iter().flatten());
        out
    }

    /// Sends it on a connection of its own and gives the answer.
    pub fn send(&self, address: SocketAddr) -> Response {
        self.try_send(address).unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.path))
    }

    /// The same, where the answer may take that long.
    pub fn send_patiently(&self, address: SocketAddr, patience: Duration) -> Response {
        let mut connection = Connection::open(address);
        connection.patience(patience);
        connection.head_only = self.method == "HEAD";
        connection.send(&self.bytes());
        connection.response().unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.path))
    }

    /// Sends it on a connection of its own.
    pub fn try_send(&self, address: SocketAddr) -> io::Result<Response> {
        let mut connection = Connection::try_open(address)?;
        connection.head_only = self.method == "HEAD";
        connection.send(&self.bytes());
        connection.response()
    }
}

/// The status in a head; 0 where there is none.
fn status(head: &[u8]) -> u16 {
    String::from_utf8_lossy(head).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

const MOST_INFORMATIONAL: usize = 1000;
