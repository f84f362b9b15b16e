//! The load: requests in flight on every node all the time, each written down with when it began and how it ended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::node::Node;
use super::stage::Stage;
use crate::support::raw::{Connection, Request, Response};

/// A request that is over.
pub struct Asked {
    /// Which session.
    pub session: usize,
    /// Which node.
    pub node: usize,
    /// Whether the node held the rights of the user.
    pub held: bool,
    pub began: Instant,
    pub ended: Instant,
    /// Nothing where no answer came.
    pub status: Option<u16>,
    /// What a refusal says of itself.
    pub problem: String,
}

/// The clients. Those of one that is dropped end too.
pub struct Load {
    over: Arc<AtomicBool>,
    late: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Vec<Asked>>>,
}

impl Load {
    /// Sets some clients on every node.
    pub fn start(stage: &Arc<Stage>) -> Self {
        let (over, late) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let client = |number: usize| {
            let (stage, over, late) = (Arc::clone(stage), Arc::clone(&over), Arc::clone(&late));
            thread::spawn(move || Client::new(&stage, number).ask(&over, &late))
        };
        let clients = (0..stage.nodes.len() * CLIENTS).map(client).collect();
        Self { over, late, clients }
    }

    /// How many requests began after the end of their session had been answered.
    pub fn late(&self) -> usize {
        self.late.load(Ordering::SeqCst)
    }

    /// Ends it; what was asked.
    pub fn stop(mut self) -> Vec<Asked> {
        self.over.store(true, Ordering::SeqCst);
        self.clients.drain(..).flat_map(|client| client.join().unwrap()).collect()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // They hold the stage, which must not end with the process.
        self.clients.drain(..).for_each(|client| drop(client.join()));
    }
}

struct Client<'a> {
    stage: &'a Stage,
    node: usize,
    turn: usize,
    connection: Option<(SocketAddr, Connection)>,
}

impl<'a> Client<'a> {
    fn new(stage: &'a Stage, number: usize) -> Self {
        Self { stage, node: number % stage.nodes.len(), turn: number * 101, connection: None }
    }

    fn ask(mut self, over: &AtomicBool, late: &AtomicUsize) -> Vec<Asked> {
        let mut asked = Vec::new();
        while !over.load(Ordering::SeqCst) {
            let index = self.choose();
            let session = &self.stage.sessions[index];
            let request = Request::get("/").bearer(&session.tokens.access);
            late.fetch_add(usize::from(session.ended.get().is_some()), Ordering::SeqCst);
            let (node, held) = (self.node, self.stage.nodes[self.node].holds(session.user));
            let began = Instant::now();
            let answer = self.send(&request.bytes());
            let ended = Instant::now();
            let status = answer.as_ref().map(|answer| answer.status);
            if status == Some(200) {
                self.stage.nodes[node].has_let_in(session.user);
            }
            let refusal = answer.filter(|answer| answer.status != 200);
            let problem = refusal.map(|answer| String::from_utf8_lossy(&answer.body).into_owned()).unwrap_or_default();
            asked.push(Asked { session: index, node, held, began, ended, status, problem });
            thread::sleep(PAUSE);
        }
        asked
    }

    /// Every second request is of a session that is about to end or has just ended, the others are of all in turn.
    fn choose(&mut self) -> usize {
        self.turn += 1;
        let hot = self.stage.hot.read().unwrap();
        match self.turn % 2 {
            0 if !hot.is_empty() => hot[self.turn / 2 % hot.len()],
            _ => self.turn / 2 * 7 % self.stage.sessions.len(),
        }
    }

    fn send(&mut self, request: &[u8]) -> Option<Response> {
        let node: &Node = &self.stage.nodes[self.node];
        let address = node.address()?;
        let (_, mut connection) = match self.connection.take().filter(|(there, _)| *there == address) {
            Some(open) => open,
            None => (address, Connection::try_open(address).ok()?),
        };
        connection.send(request);
        let answer = connection.response().ok()?;
        self.connection = Some((address, connection));
        Some(answer)
    }
}

/// On each node.
const CLIENTS: usize = 2;
/// Between two requests of a client: the load must leave the machine to what it is for.
const PAUSE: Duration = Duration::from_millis(2);
