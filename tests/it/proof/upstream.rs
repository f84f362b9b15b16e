//! An application that answers every request and keeps nothing.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;

use crate::support::http::Reader;

/// Starts one at that address of this machine, and says where. It ends with the process.
pub fn start(host: Ipv4Addr) -> SocketAddr {
    let listener = TcpListener::bind((host, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut reader = Reader::new(stream);
                while let Ok(Some(_)) = reader.head() {
                    if reader.stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}
