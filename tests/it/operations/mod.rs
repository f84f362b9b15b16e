//! What an operator sees: health, metrics, start and stop.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use crate::support::gateway::{Gateway, run};
use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request};
use crate::support::recorder::{ANSWER, Gate, Step};
use crate::support::setup::{Running, Setup};

#[test]
fn health_and_metrics_have_their_own_listener() {
    let running = Running::new();
    assert_eq!(running.gateway.operations("/livez").status, 200);
    let ready = running.gateway.operations("/readyz");
    assert_eq!(ready.status, 200, "{}", ready.shown());
    let metrics = running.gateway.operations("/metrics");
    assert_eq!(metrics.status, 200);
    assert!(String::from_utf8(metrics.body).unwrap().contains("doorward_"));
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(running.gateway.send(Request::get(path)).status, 404, "{path} is served to the public");
    }
    assert_eq!(running.gateway.operations("/api/items").status, 404);
}

#[test]
fn a_request_is_one_line_of_the_log_without_its_secrets() {
    let running = Running::new();
    let token = running.new_token("alice");
    running
        .gateway
        .send(Request::get("/api/items?code=hidden-in-query").bearer(&token).with("Cookie", "a=hidden-cookie"));
    let line = running.gateway.log.wait(PATIENCE, |line| line.to_string().contains("/api/items"));
    assert!(line.is_some(), "no line for the request in {}", running.gateway.log.text());
    let text = running.gateway.log.text();
    for secret in [token.as_str(), token.rsplit('.').next().unwrap(), "hidden-in-query", "hidden-cookie", "@gw.test"] {
        assert!(!text.contains(secret), "the log holds {secret}: {text}");
    }
}

#[test]
fn a_graceful_stop_finishes_the_request_in_flight() {
    let mut running = Running::new();
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    running.upstream().answer(move |_| vec![Step::Await(Arc::clone(&held)), Step::Send(ANSWER.into())]);
    let address = running.gateway.address;
    let mut connection = Connection::open(address);
    connection.send(&Request::get("/public/slow").bytes());
    running.upstream().wait_until("the request", |request| request.line().contains("slow"));
    running.gateway.signal("TERM");
    wait_for("the stop to begin", || (running.gateway.operations_status("/readyz") != Some(200)).then_some(()));
    gate.open();
    assert_eq!(connection.response().unwrap().body, b"ok");
    assert_eq!(running.gateway.wait().code(), Some(0));
}

#[test]
fn a_stop_without_requests_is_quick_and_clean() {
    let mut running = Running::new();
    running.gateway.signal("TERM");
    assert_eq!(running.gateway.wait().code(), Some(0));
}

#[test]
fn an_address_that_is_taken_ends_the_start_with_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (which, other) in [("listen", "admin_listen"), ("admin_listen", "listen")] {
        let mut setup = Setup::new();
        setup.config.server = format!("{which} = \"{address}\"\n{other} = \"127.0.0.1:0\"\n");
        let log = Gateway::try_start(&setup.write()).err().expect("it started on a taken address");
        assert!(log.text().contains(&address), "{which}: {}", log.text());
    }
}

#[test]
fn healthcheck_says_by_its_exit_code_whether_the_gateway_is_ready() {
    let setup = Setup::new();
    let file = setup.write();
    let check = |file: &std::path::Path| run(&["healthcheck", "--config", file.to_str().unwrap()]).status.code();
    assert_ne!(check(&file), Some(0));
    let running = setup.start_unready(&[]);
    let file = running.setup.directory().join("doorward.toml");
    wait_for("readiness", || (running.gateway.operations_status("/readyz") == Some(200)).then_some(()));
    assert_eq!(check(&file), Some(0));
}

#[test]
fn the_ready_line_comes_last_and_once() {
    let running = Running::new();
    let lines = running.gateway.log.text();
    let ready = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    assert_eq!(ready.filter(|line| field(line, "message") == Some("ready")).count(), 1, "{lines}");
}

#[test]
fn many_clients_at_once_each_get_their_own_answer() {
    let running = Running::new();
    running.upstream().answer(|request| {
        let subject = request.value("X-Auth-Subject");
        vec![Step::Send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{subject}", subject.len()).into())]
    });
    thread::scope(|scope| {
        for user in ["alice", "bob", "rita", "norole"] {
            let (running, token) = (&running, running.new_token(user));
            scope.spawn(move || {
                let mut connection = Connection::open(running.gateway.address);
                for _ in 0..250 {
                    connection.send(&Request::get("/api/who").bearer(&token).bytes());
                    assert_eq!(connection.response().unwrap().body, user.as_bytes());
                }
            });
        }
    });
}
