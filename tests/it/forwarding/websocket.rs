//! A WebSocket (RFC 6455) passes where its route allows it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use crate::support::raw::Connection;
use crate::support::recorder::Step;
use crate::support::setup::{Running, Setup};
use crate::support::websocket::{SWITCH, upgrade};

#[test]
fn a_websocket_opens_where_the_route_allows_it() {
    let running = Running::new();
    running.upstream().answer(|_| vec![Step::Send(SWITCH.into()), Step::Echo]);
    let token = running.new_token("alice");
    let mut connection = Connection::open(running.gateway.address);
    connection.send(&upgrade("/ws/feed").bearer(&token).bytes());
    let answer = connection.response().unwrap();
    assert_eq!(answer.status, 101, "{}", answer.shown());
    connection.send(b"\x81\x85\x00\x00\x00\x00hello");
    assert_eq!(connection.read(11).unwrap(), b"\x81\x85\x00\x00\x00\x00hello");
    let seen = running.upstream().only(0);
    assert_eq!((seen.value("X-Auth-Subject"), seen.value("Upgrade")), ("alice".into(), "websocket".into()));
}

#[test]
fn a_websocket_needs_a_token_like_anything_else() {
    let running = Running::new();
    assert_eq!(running.gateway.send(upgrade("/ws/feed")).status, 401);
    assert_eq!(running.upstream().count(), 0);
}

#[test]
fn elsewhere_no_connection_is_upgraded() {
    let running = Running::new();
    running.upstream().answer(|_| vec![Step::Send(SWITCH.into()), Step::Echo]);
    let answer = running.send_as("alice", upgrade("/api/feed"));
    assert_ne!(answer.status, 101, "{}", answer.shown());
    for seen in running.upstream().since(0) {
        assert_eq!(seen.values("Upgrade").len(), 0, "{}", seen.head.escape_ascii());
    }
}

#[test]
fn a_handshake_with_a_body_is_refused() {
    let running =
        Setup::with_routes("[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\nwebsocket = true\n")
            .start();
    let before = running.upstream().count();
    let answer = running.gateway.send(upgrade("/ws").body("GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(answer.status, 400, "{}", answer.shown());
    assert_eq!(running.upstream().count(), before);
}

/// Switches before it was asked, so that its answer is there when the gateway looks for the first time.
fn hasty() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || -> std::io::Result<()> {
                socket.write_all(SWITCH.as_bytes())?;
                let mut bytes = Vec::new();
                while !bytes.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    socket.read_exact(&mut byte)?;
                    bytes.push(byte[0]);
                }
                let mut frame = [0; 11];
                socket.read_exact(&mut frame)?;
                socket.write_all(&frame)
            });
        }
    });
    address
}

#[test]
fn a_websocket_lives_however_soon_its_application_answers() {
    let mut setup =
        Setup::with_routes("[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\nwebsocket = true\n");
    setup.config.upstreams = format!("[[upstream]]\nname = \"app\"\nservers = [\"http://{}\"]\n", hasty());
    let running = setup.start();
    let lives = |_: &usize| {
        let mut connection = Connection::open(running.gateway.address);
        connection.send(&upgrade("/feed").bytes());
        assert_eq!(connection.response().unwrap().status, 101);
        connection.send(b"\x81\x85\x00\x00\x00\x00hello");
        connection.read(11).is_ok_and(|frame| frame == b"\x81\x85\x00\x00\x00\x00hello")
    };
    assert_eq!((0..200).filter(lives).count(), 200);
}
