//! Requests that go on: whoever registers as something changes is told of it, or sees it.

use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::thread;

use super::exploration::explore;
use super::node::{Node, TOKEN, session_ended};
use crate::problem::Rejection;
use crate::routing::UpstreamTarget;
use crate::standing::Death;
use crate::stay::Stay;

fn a_stream_ends(change: impl Fn(&Node) + Clone + Send + Sync + 'static) {
    explore(move || {
        let node = Node::started();
        let target = UpstreamTarget::plain();
        let ends = (target.outlive, target.close);
        let stay = Stay::new(node.admission(&TOKEN), Arc::clone(&node.gateway), node.clock.clone(), ends);
        // Where nobody wakes it, shuttle finds that nothing can go on.
        let stream = thread::spawn(move || block_on(stay.over()));
        change(&node);
        assert!(matches!(stream.join().unwrap(), Rejection::Dead(Death::Session)));
        assert!(node.standing.streams().is_empty());
    });
}

#[test]
fn a_stream_ends_whenever_its_session_is_ended_here() {
    a_stream_ends(|node| node.standing.learn(&session_ended()));
}

#[test]
fn a_stream_ends_whenever_its_session_is_ended_at_another_node() {
    a_stream_ends(|node| {
        node.log.announce(&session_ended(), &node.clock);
        node.poll();
    });
}
