//! An upstream that accepts anything, keeps the bytes of every request and answers as it is told.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use super::http::{Framing, Reader, framing};
use super::patience::wait_for;

/// The upstream.
pub struct Recorder {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
}

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Which connection, counted from 0.
    pub connection: usize,
    /// Request line, fields and empty line.
    pub head: Vec<u8>,
    /// The body as it came, its first 64 KiB.
    pub body: Vec<u8>,
    /// How long the body was so far.
    pub body_length: u64,
    /// Whether the body has come to its end.
    pub complete: bool,
}

/// What the upstream does with a request.
pub enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends these bytes again and again, until the connection ends.
    Flood(Vec<u8>),
    /// Goes on when the gate is open.
    Await(Arc<Gate>),
    /// Sends back what comes, until the connection ends.
    Echo,
    /// Ends the connection.
    Close,
}

/// Holds an answer back until a test opens it.
#[derive(Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

type Script = dyn Fn(&Recorded) -> Vec<Step> + Send + Sync;

struct State {
    requests: Mutex<Vec<Recorded>>,
    script: Mutex<Arc<Script>>,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

/// The answer to every request, unless told otherwise.
pub const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

impl Recorder {
    /// Starts one on a free port.
    pub fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into())
    }

    /// Starts one at an address that was used before.
    pub fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            requests: Mutex::default(),
            script: Mutex::new(Arc::new(|_| vec![Step::Send(ANSWER.into())])),
            connections: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().take_while(|_| !shared.stopped.load(Ordering::SeqCst)).flatten() {
                let connection = shared.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.serve(stream, connection));
            }
        });
        Self { address, state }
    }

    /// Answers every later request by these steps.
    pub fn answer(&self, script: impl Fn(&Recorded) -> Vec<Step> + Send + Sync + 'static) {
        *self.state.script.lock().unwrap() = Arc::new(script);
    }

    /// Answers every later request with these bytes.
    pub fn answer_raw(&self, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        self.answer(move |_| vec![Step::Send(bytes.clone())]);
    }

    /// How many requests have begun to arrive.
    pub fn count(&self) -> usize {
        self.state.requests().len()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// The requests from that one on.
    pub fn since(&self, first: usize) -> Vec<Recorded> {
        self.state.requests()[first..].to_vec()
    }

    /// The only request that arrived since.
    pub fn only(&self, first: usize) -> Recorded {
        let mut since = self.since(first);
        assert_eq!(since.len(), 1, "not one request but {since:?}");
        since.remove(0)
    }

    /// Waits for a request that fits.
    pub fn wait_until(&self, what: &str, fits: impl Fn(&Recorded) -> bool) -> Recorded {
        wait_for(what, || self.state.requests().iter().find(|request| fits(request)).cloned())
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Recorded {
    /// All that was recorded of it.
    pub fn bytes(&self) -> Vec<u8> {
        [&self.head[..], &self.body].concat()
    }

    /// The values of a field.
    pub fn values(&self, name: &str) -> Vec<String> {
        super::http::values(&self.head, name)
    }

    /// The value of a field that must be there once.
    pub fn value(&self, name: &str) -> String {
        let values = self.values(name);
        assert_eq!(values.len(), 1, "{name} is not there once: {}", self.head.escape_ascii());
        values[0].clone()
    }

    /// The request line.
    pub fn line(&self) -> String {
        let end = super::http::find(&self.head, b"\r\n").unwrap();
        String::from_utf8_lossy(&self.head[..end]).into_owned()
    }
}

impl Gate {
    /// Lets the answer go on.
    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        drop(self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
    }
}

impl State {
    fn requests(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.requests.lock().unwrap()
    }

    fn serve(&self, stream: TcpStream, connection: usize) {
        let _ = stream.set_nodelay(true);
        let mut reader = Reader::new(stream);
        while let Ok(Some(head)) = reader.head() {
            let index = self.begin(connection, head.clone());
            let read = reader.body(framing(&head, Framing::Length(0)), |piece| self.add(index, piece));
            if read.is_err() {
                return;
            }
            self.requests()[index].complete = true;
            let request = self.requests()[index].clone();
            let script = Arc::clone(&self.script.lock().unwrap());
            if script(&request).into_iter().any(|step| !perform(step, &mut reader)) {
                return;
            }
        }
        // What is not a request is kept too: it may be the second half of a smuggled one.
        if !reader.buffer.is_empty() {
            self.begin(connection, std::mem::take(&mut reader.buffer));
        }
    }

    fn begin(&self, connection: usize, head: Vec<u8>) -> usize {
        let mut requests = self.requests();
        requests.push(Recorded { connection, head, ..Recorded::default() });
        requests.len() - 1
    }

    fn add(&self, index: usize, piece: &[u8]) {
        let request = &mut self.requests()[index];
        request.body_length += piece.len() as u64;
        let room = KEPT.saturating_sub(request.body.len()).min(piece.len());
        request.body.extend(&piece[..room]);
    }
}

/// Takes one step; false where the connection is over.
fn perform(step: Step, reader: &mut Reader<TcpStream>) -> bool {
    match step {
        Step::Send(bytes) => reader.stream.write_all(&bytes).is_ok(),
        Step::Flood(bytes) => {
            while reader.stream.write_all(&bytes).is_ok() {}
            false
        }
        Step::Await(gate) => {
            gate.pass();
            true
        }
        Step::Echo => {
            let mut chunk = std::mem::take(&mut reader.buffer);
            while reader.stream.write_all(&chunk).is_ok() {
                chunk.resize(16 * 1024, 0);
                match reader.stream.read(&mut chunk) {
                    Ok(count @ 1..) => chunk.truncate(count),
                    _ => break,
                }
            }
            false
        }
        Step::Close => {
            let _ = reader.stream.shutdown(Shutdown::Both);
            false
        }
    }
}

const KEPT: usize = 64 * 1024;

#[test]
fn the_recorder_keeps_what_came_and_answers() {
    let recorder = Recorder::start();
    let mut client = super::raw::Connection::open(recorder.address);
    client.send(b"POST /a HTTP/1.1\r\nX_Odd.Name: 1\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n");
    assert_eq!(client.response().unwrap().body, b"ok");
    assert_eq!(client.response().unwrap().status, 200);
    let requests = recorder.since(0);
    assert_eq!((requests[0].line().as_str(), &requests[0].body[..]), ("POST /a HTTP/1.1", &b"abc"[..]));
    assert_eq!((requests[0].value("X_Odd.Name"), requests[1].line()), ("1".into(), "GET /b HTTP/1.1".into()));
    assert_eq!(recorder.connections(), 1);
}
