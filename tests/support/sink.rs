//! An address that nobody may call: it counts who does.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// The address.
pub struct Sink {
    /// Where it listens.
    pub address: SocketAddr,
    calls: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
}

impl Sink {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (calls, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, ended) = (Arc::clone(&calls), Arc::clone(&stopped));
        thread::spawn(move || {
            for _ in listener.incoming().take_while(|_| !ended.load(Ordering::SeqCst)) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { address, calls, stopped }
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}
