//! A way to the server that can be cut so that neither side is told.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Passes bytes on, both ways, until its connections are severed.
pub struct Valve {
    /// Where it listens.
    pub address: SocketAddr,
    age: Arc<AtomicUsize>,
}

impl Valve {
    /// Before a server at that port of this machine.
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let valve = Self { address: listener.local_addr().unwrap(), age: Arc::default() };
        let age = Arc::clone(&valve.age);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let born = age.load(Ordering::SeqCst);
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let forth = Arc::clone(&age);
                thread::spawn(move || pass(from, to, born, &forth));
                let back = Arc::clone(&age);
                thread::spawn(move || pass(server, client, born, &back));
            }
        });
        valve
    }

    /// From now on what is sent on present connections arrives nowhere. New connections are passed on.
    pub fn sever(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, born: usize, age: &AtomicUsize) {
    let mut chunk = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        let severed = age.load(Ordering::SeqCst) != born;
        if !severed && to.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    // The end of a severed connection is not told either.
    if age.load(Ordering::SeqCst) == born {
        let _ = to.shutdown(Shutdown::Write);
    } else {
        thread::park();
    }
}
