//! The application answers, and its answer is odd.

use std::io;

use super::Script;
use crate::support::raw::{Connection, Request, Response};
use crate::support::recorder::{ANSWER, Step};
use crate::support::setup::Running;

pub const SCRIPTS: &[(&str, Script)] = &[
    ("HDR-096", |_| refused("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokEVIL", &[502])),
    ("HDR-100", |_| {
        refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nEVIL", &[502])
    }),
    // Extra bytes may come when the good answer is already under way: then it stays, and they go nowhere.
    ("HDR-101", |_| refused(EXTRA, &[200, 502])),
    ("HDR-102", |_| refused_flood()),
];

const EXTRA: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL";

/// The answer is one of these, nothing evil gets through, and the connection to the application is not used again.
fn refused(odd: &'static str, statuses: &[u16]) {
    let running = Running::new();
    running.upstream().answer(move |request| {
        let odd = if request.line().contains("/api/odd") { odd } else { ANSWER };
        vec![Step::Send(odd.into())]
    });
    check(&running, statuses);
}

fn refused_flood() {
    let running = Running::new();
    running.upstream().answer(|request| {
        let flood = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n".to_vec();
        let odd = request.line().contains("/api/odd");
        vec![if odd { Step::Flood(flood) } else { Step::Send(ANSWER.into()) }]
    });
    check(&running, &[502]);
}

fn check(running: &Running, statuses: &[u16]) {
    let token = running.new_token("alice");
    let ask = |connection: &mut Connection, path: &str| -> Result<Response, io::Error> {
        connection.send(&Request::get(path).bearer(&token).bytes());
        connection.response()
    };
    let mut connection = Connection::open(running.gateway.address);
    assert_eq!(ask(&mut connection, "/api/first").unwrap().status, 200);
    let odd = ask(&mut connection, "/api/odd").expect("no answer");
    assert!(statuses.contains(&odd.status), "expected {statuses:?}: {}", odd.shown());
    assert!(!odd.shown().contains("EVIL"), "bytes behind the answer got through: {}", odd.shown());
    for path in ["/api/next", "/api/last"] {
        let next = Request::get(path).bearer(&token).send(running.gateway.address);
        assert_eq!((next.status, &next.body[..]), (200, &b"ok"[..]), "{}", next.shown());
    }
    let requests = running.upstream().since(0);
    let connection_of =
        |path: &str| requests.iter().find(|request| request.line().contains(path)).map(|r| r.connection);
    assert_ne!(connection_of("/api/odd"), connection_of("/api/next"), "the connection was used again");
}
