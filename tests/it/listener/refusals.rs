//! What is refused before it is a request that can be judged: what it is told, and what is counted and logged of it.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::h2;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request};
use crate::support::setup::{Running, Setup};
use crate::support::tls::Pair;

/// A gateway with every listener, and with limits that are soon reached.
fn start() -> Running {
    let mut setup = Setup::new();
    let pair = Pair::write(setup.directory(), "own", "own-ec", "gw.test");
    setup.config.server += &format!(
        "h2c = true\nheader_timeout = \"3s\"\nmax_headers = 20\nmax_header_size = \"4KiB\"\n\
         [server.tls]\nlisten = \"127.0.0.1:0\"\n{}",
        pair.settings()
    );
    setup.start()
}

/// What was counted and logged before a request that is refused.
struct Before<'a> {
    running: &'a Running,
    status: u16,
    reason: &'a str,
    counted: f64,
    lines: usize,
}

impl<'a> Before<'a> {
    fn of(running: &'a Running, status: u16, reason: &'a str) -> Self {
        let (counted, lines) = (counted(running, status, reason), running.gateway.log.count());
        Self { running, status, reason, counted, lines }
    }

    /// One refusal more was counted, one was logged, and the next request is served.
    fn assert_one_more(&self) {
        let (status, reason) = (u64::from(self.status), self.reason);
        let next = self.running.gateway.send(Request::get(NEXT));
        assert_eq!(next.status, 200, "{reason}: {}", next.shown());
        let lines = self.lines_until_next();
        let told: Vec<_> = lines.iter().map(|line| (line["status"].as_u64(), line["reason"].as_str())).collect();
        assert_eq!(told, [(Some(status), Some(reason)), (Some(200), Some(""))], "{lines:?}");
        // What could not be read is not repeated.
        assert_eq!((&lines[0]["path"], &lines[0]["client"]), (&"".into(), &"127.0.0.1".into()), "{lines:?}");
        assert_eq!(counted(self.running, self.status, reason), self.counted + 1.0, "{reason}");
    }

    /// The lines of requests, up to that of the next request; lines come in order.
    fn lines_until_next(&self) -> Vec<Value> {
        wait_for("the line of the next request", || {
            let lines = self.running.gateway.log.since(self.lines);
            let parsed = lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
            let requests: Vec<Value> = parsed.filter(|line: &Value| line["message"] == "request").collect();
            requests.iter().any(|line| line["path"] == NEXT).then_some(requests)
        })
    }
}

fn counted(running: &Running, status: u16, reason: &str) -> f64 {
    let (status, reason) = (format!("status=\"{status}\""), format!("reason=\"{reason}\""));
    running.gateway.metric("doorward_requests_total", &[status.as_str(), reason.as_str(), "route=\"none\""])
}

fn assert_refused(running: &Running, address: SocketAddr, bytes: &str, status: u16, reason: &str) {
    let before = Before::of(running, status, reason);
    let mut connection = Connection::open(address);
    connection.send(bytes.as_bytes());
    let answer = connection.response().unwrap();
    assert_eq!((answer.status, answer.value("Connection")), (status, "close".into()), "{reason}: {}", answer.shown());
    connection.finish();
    assert!(connection.is_closed_within(PATIENCE), "{reason}: {bytes}");
    before.assert_one_more();
}

/// Makes a request of a text.
type Asking<'a> = &'a dyn Fn(&str) -> Request;

#[test]
fn a_head_that_is_refused_is_counted_and_logged_once_by_its_reason() {
    let running = start();
    let many: String = (0..20).map(|number| format!("X-{number}: 1\r\n")).collect();
    let rows = [
        (format!("{GET}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, "framing"),
        (format!("{GET}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"), 400, "framing"),
        (format!("{GET}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400, "framing"),
        (format!("{GET}Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n"), 400, "framing"),
        (format!("{GET}X: a\r\n b\r\n\r\n"), 400, "folded-field"),
        (format!("{GET}X : a\r\n\r\n"), 400, "field-name"),
        (format!("{GET}no colon\r\n\r\n"), 400, "field-name"),
        (format!("{GET}X: a\u{1}b\r\n\r\n"), 400, "field-value"),
        (format!("{GET}X: a\rb\r\n\r\n"), 400, "field-value"),
        ("GET /public/x HTTP/1.1\nHost: gw.test\n\n".to_owned(), 400, "bare-line-feed"),
        (format!("{GET}X: a\n\r\n"), 400, "bare-line-feed"),
        (format!("{GET}Host: gw.test\r\n\r\n"), 400, "host"),
        ("GET /public/x HTTP/1.1\r\n\r\n".to_owned(), 400, "host"),
        ("GET  /public/x HTTP/1.1\r\nHost: gw.test\r\n\r\n".to_owned(), 400, "request-line"),
        ("GET http://gw.test/public/x HTTP/1.1\r\nHost: gw.test\r\n\r\n".to_owned(), 400, "request-line"),
        ("CONNECT /public/x HTTP/1.1\r\nHost: gw.test\r\n\r\n".to_owned(), 400, "request-line"),
        ("GET /public/x HTTP/3.0\r\nHost: gw.test\r\n\r\n".to_owned(), 505, "http-version"),
        (format!("{GET}Expect: 200-ok\r\n\r\n"), 417, "expectation"),
        (format!("{GET}X: {}\r\n\r\n", "x".repeat(4096)), 431, "header-too-large"),
        (format!("{GET}{many}\r\n"), 431, "too-many-fields"),
        (GET.to_owned(), 408, "request-timeout"),
    ];
    for (bytes, status, reason) in &rows {
        assert_refused(&running, running.gateway.address, bytes, *status, reason);
    }
    assert_refused(&running, running.gateway.tls.unwrap(), &format!("{GET}\r\n"), 400, "plain-http");
    assert_eq!(running.upstream().count(), rows.len() + 1, "only what was sent next was sent on");
}

#[test]
fn a_request_of_http2_that_is_refused_is_counted_and_logged_once_by_its_reason() {
    let running = start();
    let with = |name: &str, value: &str| [h2::get("/public/x"), vec![(name.to_owned(), value.to_owned())]].concat();
    let many = (0..21).map(|number| (format!("x-{number}"), "1".to_owned())).collect();
    let mut ftp = h2::get("/public/x");
    ftp.iter_mut().filter(|(name, _)| name == ":scheme").for_each(|(_, value)| *value = "ftp".to_owned());
    let rows: [(h2::Fields, u16, &str); 4] = [
        (ftp, 400, "scheme"),
        (with("host", "evil.test"), 400, "malformed-request"),
        (with("expect", "200-ok"), 417, "expectation"),
        ([h2::get("/public/x"), many].concat(), 431, "too-many-fields"),
    ];
    let mut client = h2::Connection::open(running.gateway.address);
    for ((fields, status, reason), stream) in rows.iter().zip((1..).step_by(2)) {
        let before = Before::of(&running, *status, reason);
        client.send(&h2::headers(stream, fields, true));
        let outcome = client.outcome(stream, PATIENCE);
        assert_eq!(outcome.status, Some(*status), "{reason}: {outcome:?}");
        before.assert_one_more();
    }
    client.send(&h2::headers(101, &h2::get("/public/x"), true));
    assert_eq!(client.outcome(101, PATIENCE).status, Some(200), "a refusal ends its stream alone");
}

#[test]
fn a_head_may_be_as_large_as_max_header_size_and_not_a_byte_larger() {
    let mut setup = Setup::new();
    setup.config.server += "max_header_size = \"4KiB\"\n";
    let running = setup.start();
    let status_of = |bytes: &[u8]| {
        let mut connection = Connection::open(running.gateway.address);
        connection.send(bytes);
        connection.response().unwrap().status
    };
    let field = |padding: &str| Request::get("/public/x").with("X", padding);
    let target = |padding: &str| Request::get(&format!("/public/{padding}"));
    let requests: [(&str, Asking<'_>); 2] = [("a field", &field), ("the target", &target)];
    for (what, request) in requests {
        for (size, status) in [(LIMIT - 1, 200), (LIMIT, 200), (LIMIT + 1, 431)] {
            assert_eq!(status_of(&padded(size, request)), status, "{what}: {size}");
        }
    }
    assert_eq!(status_of(&padded(LIMIT + 5, field)[..=LIMIT]), 431, "its end is not waited for");
    let post = Request::new("POST", "/api/x").bearer(&running.new_token("alice")).body(vec![b'x'; 2 * LIMIT]);
    assert_eq!(status_of(&post.bytes()), 200, "a body is no head");
    assert_eq!(counted(&running, 431, "header-too-large"), 3.0);
    assert_eq!(running.upstream().count(), 5);
}

/// A head of that size.
fn padded(size: usize, request: impl Fn(&str) -> Request) -> Vec<u8> {
    let without = request("").bytes().len();
    let head = request(&"x".repeat(size - without)).bytes();
    assert_eq!(head.len(), size);
    head
}

#[test]
fn a_400_for_the_request_itself_closes_and_one_of_the_route_keeps_the_connection() {
    let running = Running::new();
    let hidden = Request::get("/public/hidden").bytes();
    let malformed = [
        Request::get("/public/../x"),
        Request::get("/public/%zz"),
        Request::new("POST", "/api/../x").body(hidden),
        Request::get("/public/x").with("Host", "gw.test."),
    ];
    for request in &malformed {
        let mut connection = Connection::open(running.gateway.address);
        connection.send(&request.bytes());
        let answer = connection.response().unwrap();
        assert_eq!((answer.status, answer.value("Connection")), (400, "close".into()), "{}", answer.shown());
        assert!(connection.is_closed_within(PATIENCE));
    }
    let mut connection = Connection::open(running.gateway.address);
    for _ in 0..3 {
        connection.send(&Request::get("/public/a%2Fb").bytes());
        let answer = connection.response().unwrap();
        assert_eq!((answer.status, answer.value("Connection")), (400, "keep-alive".into()), "{}", answer.shown());
        connection.send(&Request::get(NEXT).bytes());
        assert_eq!(connection.response().unwrap().status, 200);
    }
    let seen = running.upstream().since(0);
    assert!(seen.iter().all(|request| request.line() == format!("GET {NEXT} HTTP/1.1")), "{seen:?}");
    let count = |reason: &str| {
        let reason = format!("reason=\"{reason}\"");
        running.gateway.metric("doorward_requests_total", &[reason.as_str(), "status=\"400\""])
    };
    wait_for("the counts", || (["path", "host", "encoded-slash"].map(count) == [3.0, 1.0, 3.0]).then_some(()));
}

/// A head that is good so far.
const GET: &str = "GET /public/x HTTP/1.1\r\nHost: gw.test\r\n";
/// What is asked for after a refusal.
const NEXT: &str = "/public/next";
const LIMIT: usize = 4096;
