//! All nodes are well.

use std::thread;
use std::time::Duration;

use super::world::{GRACE, Nodes, log_out, status};
use crate::support::patience::wait_for;
use crate::support::raw::{Connection, Request};
use crate::support::recorder::Step;

#[test]
fn a_session_that_ended_at_one_node_is_refused_by_all_when_that_is_answered() {
    let nodes = Nodes::new();
    nodes.await_members(3);
    let mut quick = 0;
    for turn in 0..30 {
        let session = nodes.session();
        let (answer, took) = log_out(&nodes.gateways[turn % 3], &session);
        assert_eq!(answer.status, 204, "{}", answer.shown());
        nodes.assert_dead(&session);
        quick += usize::from(took < GRACE);
    }
    // The first ones may meet connections that are too young to know everybody.
    assert!(quick > 20, "nobody acknowledges: only {quick} answers came before the last lease was over");
    for gateway in &nodes.gateways {
        assert!(gateway.metric("doorward_announcements_total", &["everywhere"]) > 0.0);
    }
}

#[test]
fn many_that_end_at_once_are_all_refused_everywhere() {
    let nodes = Nodes::new();
    let sessions: Vec<_> = (0..200).map(|_| nodes.sessions.open(&nodes.setup)).collect();
    thread::scope(|scope| {
        for (number, part) in sessions.chunks(20).enumerate() {
            let nodes = &nodes;
            scope.spawn(move || {
                for session in part {
                    let (answer, _) = log_out(&nodes.gateways[number % 3], session);
                    assert_eq!(answer.status, 204, "{}", answer.shown());
                    nodes.assert_dead(session);
                }
            });
        }
    });
    let other = nodes.session();
    assert_eq!(status(&nodes.gateways[0], &other), 200);
}

#[test]
fn a_request_that_goes_on_at_one_node_ends_when_its_session_ends_at_another() {
    let nodes = Nodes::new();
    let events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n";
    nodes.setup.upstream.answer(move |_| vec![Step::Send(events.into()), Step::Echo]);
    let session = nodes.sessions.open(&nodes.setup);
    let mut open = Connection::open(nodes.gateways[1].address);
    open.send(&Request::get("/admin/x").bearer(&session.access_token).bytes());
    assert!(open.head().unwrap().starts_with(b"HTTP/1.1 200"));
    wait_for("a stream", || (nodes.gateways[1].metric("doorward_streams", &[]) > 0.0).then_some(()));
    assert_eq!(log_out(&nodes.gateways[0], &session).0.status, 204);
    assert!(open.is_closed_within(Duration::from_secs(3)), "{}", nodes.gateways[1].log.text());
}

#[test]
fn a_node_that_stops_in_order_is_waited_for_by_nobody() {
    let mut nodes = Nodes::new();
    nodes.await_members(3);
    let mut last = nodes.gateways.remove(2);
    last.signal("TERM");
    assert_eq!(last.wait().code(), Some(0));
    nodes.await_members(2);
    let worst = (0..5).map(|_| {
        let session = nodes.session();
        let (answer, took) = log_out(&nodes.gateways[0], &session);
        assert_eq!(answer.status, 204);
        nodes.assert_dead(&session);
        took
    });
    assert!(worst.min().unwrap() < GRACE);
}
