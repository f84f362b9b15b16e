//! A way to a server that can be cut so that neither side is told.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::thread;

/// Passes bytes on, both ways, until its connections are severed.
pub struct Valve {
    /// Where it listens.
    pub address: SocketAddr,
    way: Arc<Way>,
}

struct Way {
    /// The server's, at this machine.
    port: AtomicU16,
    /// How often the connections of then were severed.
    age: AtomicUsize,
    cut: AtomicBool,
}

impl Valve {
    /// Before a server at that port of this machine.
    pub fn before(port: u16) -> Self {
        Self::at(Ipv4Addr::LOCALHOST, port)
    }

    /// The same, at another address of this machine.
    pub fn at(host: Ipv4Addr, port: u16) -> Self {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let way = Arc::new(Way { port: port.into(), age: AtomicUsize::default(), cut: AtomicBool::default() });
        let shared = Arc::clone(&way);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let way = Arc::clone(&shared);
                thread::spawn(move || way.lead(client));
            }
        });
        Self { address, way }
    }

    /// From now on what is sent on present connections arrives nowhere. New connections are passed on.
    pub fn sever(&self) {
        self.way.age.fetch_add(1, Ordering::SeqCst);
    }

    /// The same, and new connections are taken and lead nowhere either, until it is mended.
    pub fn cut(&self) {
        self.way.cut.store(true, Ordering::SeqCst);
        self.sever();
    }

    /// New connections are passed on again.
    pub fn mend(&self) {
        self.way.cut.store(false, Ordering::SeqCst);
    }

    /// New connections are passed on to another port.
    pub fn lead_to(&self, port: u16) {
        self.way.port.store(port, Ordering::SeqCst);
    }
}

impl Way {
    fn lead(self: Arc<Self>, client: TcpStream) {
        let born = self.age.load(Ordering::SeqCst);
        if self.cut.load(Ordering::SeqCst) {
            return strand(client);
        }
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port.load(Ordering::SeqCst))) else { return };
        let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let back = Arc::clone(&self);
        thread::spawn(move || back.pass(server, client, born));
        self.pass(from, to, born);
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream, born: usize) {
        let mut chunk = [0; 16 * 1024];
        let is_severed = || self.age.load(Ordering::SeqCst) != born;
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            if is_severed() {
                return strand(from);
            }
            if to.write_all(&chunk[..count]).is_err() {
                break;
            }
        }
        // The end of a severed connection is not told either.
        if is_severed() {
            strand(from);
        } else {
            let _ = to.shutdown(Shutdown::Write);
        }
    }
}

/// Keeps a connection open, and reads what comes until its client gives it up: nobody answers.
fn strand(mut client: TcpStream) {
    let mut chunk = [0; 16 * 1024];
    while let Ok(1..) = client.read(&mut chunk) {}
}
