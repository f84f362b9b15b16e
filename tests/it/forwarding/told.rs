//! Every way in which an application fails has a name of its own: for the client, in the log and in the metrics.

use std::net::TcpListener;

use serde_json::Value;

use super::secure;
use crate::support::gateway::free_address;
use crate::support::house;
use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request};
use crate::support::recorder::{Recorder, Step};
use crate::support::setup::{Running, Setup};

/// A gateway with these upstreams, each by its name, its server and more of its keys; the path of its route is the name.
fn start(upstreams: &[(&str, String, &str)]) -> Running {
    let route = |name: &str| {
        let timeout = if name == "silent" { "500ms" } else { "60s" };
        format!("[[route]]\npath = \"/{name}\"\nupstream = \"{name}\"\naccess = \"public\"\ntimeout = \"{timeout}\"\n")
    };
    let routes: String = upstreams.iter().map(|(name, ..)| route(name)).collect();
    let upstream = |(name, server, keys): &(&str, String, &str)| {
        format!("[[upstream]]\nname = \"{name}\"\nservers = [\"{server}\"]\n{keys}")
    };
    let mut setup = Setup::with_routes(&routes);
    setup.config.upstreams = upstreams.iter().map(upstream).collect();
    setup.start()
}

/// The system takes connections to it, and nobody reads.
fn stopped() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn every_failure_of_an_application_has_a_name_of_its_own() {
    let (_silent, silent) = stopped();
    let (busy, busy_url) = stopped();
    let broken = Recorder::start();
    broken.answer(|_| vec![Step::Close]);
    let (stranger, _ended) = secure::serve(secure::echo);
    let nobody = format!("http://{}", free_address());
    let running = start(&[
        ("refused", nobody.clone(), ""),
        ("nowhere", "http://no-such-name.invalid".into(), ""),
        ("stranger", format!("https://{stranger}"), ""),
        ("broken", broken.url(), ""),
        ("away", nobody, ""),
        ("busy", busy_url, "max_waiting = 1\n"),
        ("silent", silent, ""),
    ]);
    let mut waiting = Connection::open(running.gateway.address);
    waiting.send(&Request::get("/busy").bytes());
    let _taken = busy.accept().unwrap();

    for (name, status, kind, reason) in [
        ("refused", 502_u16, "upstream-unavailable", "upstream-unavailable"),
        ("nowhere", 502, "upstream-unavailable", "upstream-unresolved"),
        ("stranger", 502, "upstream-unavailable", "upstream-tls"),
        ("broken", 502, "upstream-failed", "upstream-failed"),
        ("away", 503, "upstream-down", "upstream-down"),
        ("busy", 503, "upstream-full", "upstream-full"),
        ("silent", 504, "upstream-timeout", "upstream-timeout"),
    ] {
        let path = format!("/{name}");
        let ask = || running.gateway.send(Request::get(&path));
        let answer = match name {
            // The first requests find out.
            "away" => wait_for("503", || Some(ask()).filter(|answer| answer.status == status)),
            _ => ask(),
        };
        assert_eq!((answer.status, house::kind(&answer).as_str()), (status, kind), "{name}: {}", answer.shown());
        let is_its_own = |line: &Value| field(line, "path") == Some(path.as_str()) && line["status"] == status;
        let line = running.gateway.log.wait(PATIENCE, is_its_own);
        let line = line.unwrap_or_else(|| panic!("no line of {name} in {}", running.gateway.log.text()));
        assert_eq!((field(&line, "reason"), field(&line, "upstream")), (Some(reason), Some(name)), "{line}");
        let labels = [format!("route=\"{path}\""), format!("status=\"{status}\""), format!("reason=\"{reason}\"")];
        let count = || running.gateway.metric("doorward_requests_total", &labels.each_ref().map(String::as_str));
        wait_for(reason, || (count() == 1.0).then_some(()));
    }
}
