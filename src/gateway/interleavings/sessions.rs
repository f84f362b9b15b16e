//! Sessions that end while requests are judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shuttle::future::block_on;
use shuttle::thread::{self, JoinHandle};

use super::exploration::explore;
use super::node::{KEPT, Node, TOKEN, session_ended};

/// Requests of one client, one after the other, until one is refused that began after the answer.
fn ask(node: &Node, answered: &AtomicBool) {
    for _ in 0..4 {
        let late = answered.load(Ordering::SeqCst);
        assert!(!(node.admits(&TOKEN) && late), "let in after the answer");
    }
}

/// The same on a thread of its own.
fn ask_beside(node: &Arc<Node>, answered: &Arc<AtomicBool>) -> JoinHandle<()> {
    let (node, answered) = (Arc::clone(node), Arc::clone(answered));
    thread::spawn(move || ask(&node, &answered))
}

#[test]
fn a_session_that_ends_while_its_token_is_verified_and_cached_is_dead_for_whoever_comes_later() {
    explore(|| {
        let (node, answered) = (Node::started(), Arc::new(AtomicBool::new(false)));
        let clients = [0, 1].map(|_| ask_beside(&node, &answered));
        node.standing.learn(&session_ended());
        answered.store(true, Ordering::SeqCst);
        ask(&node, &answered);
        clients.into_iter().for_each(|client| client.join().unwrap());
    });
}

#[test]
fn a_session_that_ended_at_another_node_is_dead_here_when_that_one_answers() {
    explore(|| {
        let (node, answered) = (Node::new(), Arc::new(AtomicBool::new(false)));
        let follower = node.follow_beside();
        let client = ask_beside(&node, &answered);
        node.log.announce(&session_ended(), &node.clock);
        answered.store(true, Ordering::SeqCst);
        ask(&node, &answered);
        follower.join().unwrap();
        client.join().unwrap();
    });
}

#[test]
fn nobody_waits_for_a_node_that_leaves_and_it_lets_nobody_in() {
    explore(|| {
        let (node, answered) = (Node::started(), Arc::new(AtomicBool::new(false)));
        let leaver = {
            let node = Arc::clone(&node);
            thread::spawn(move || block_on(node.membership.leave()))
        };
        let client = ask_beside(&node, &answered);
        node.log.announce(&session_ended(), &node.clock);
        answered.store(true, Ordering::SeqCst);
        ask(&node, &answered);
        leaver.join().unwrap();
        client.join().unwrap();
    });
}

#[test]
fn a_request_that_slept_across_the_clean_up_is_refused_by_its_expiry() {
    explore(|| {
        let node = Node::started();
        node.standing.learn(&session_ended());
        let sleeper = {
            let node = Arc::clone(&node);
            thread::spawn(move || assert!(!node.admits(&TOKEN)))
        };
        node.clock.advance(KEPT);
        node.standing.sweep();
        assert!(node.standing.revoked().is_empty());
        sleeper.join().unwrap();
    });
}
