//! Servers that say themselves whether they are well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::Request;
use crate::support::recorder::{ANSWER, Recorder, Step};
use crate::support::setup::Setup;

#[test]
fn a_server_that_is_not_well_gets_no_requests_until_it_is_again() {
    let (sick, good) = (Recorder::start(), Recorder::start());
    let is_well = Arc::new(AtomicBool::new(true));
    let says = Arc::clone(&is_well);
    sick.answer(move |request| match request.line().contains("/healthz") && !says.load(Ordering::SeqCst) {
        true => vec![Step::Send(b"HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n".to_vec())],
        false => vec![Step::Send(ANSWER.into())],
    });
    let mut setup = Setup::with_routes("[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\n");
    setup.config.upstreams = format!(
        "[[upstream]]\nname = \"app\"\nservers = {:?}\n\
         health = {{ path = \"/healthz?x=1\", interval = \"100ms\", timeout = \"5s\", up = 2, down = 2 }}\n",
        [sick.url(), good.url()]
    );
    let running = setup.start();
    let asked = sick.wait_until("a check", |request| request.line() == "GET /healthz?x=1 HTTP/1.1");
    assert_eq!(asked.value("Host"), sick.address.to_string());
    let is_up = || running.gateway.metric("doorward_upstream_server_up", &[&sick.address.to_string()]) == 1.0;
    let gets_requests = || {
        let count = || sick.since(0).iter().filter(|request| request.line().contains("/x")).count();
        let before = count();
        assert!((0..4).all(|_| running.gateway.send(Request::get("/x")).status == 200));
        count() > before
    };
    assert!(is_up() && gets_requests());
    is_well.store(false, Ordering::SeqCst);
    wait_for("the bad checks", || (!is_up()).then_some(()));
    assert!(!gets_requests());
    is_well.store(true, Ordering::SeqCst);
    wait_for("the good checks", || is_up().then_some(()));
    assert!(gets_requests());
    let cause = |line: &serde_json::Value| field(line, "cause") == Some("health-check");
    assert!(running.gateway.log.wait(PATIENCE, cause).is_some(), "{}", running.gateway.log.text());
}
