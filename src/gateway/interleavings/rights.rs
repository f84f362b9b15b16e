//! Rights that are taken away while they are read and cached.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shuttle::future::block_on;
use shuttle::thread;

use super::exploration::explore;
use super::node::{Node, TOKEN, change};
use crate::store::ChangeKind;

#[test]
fn a_role_that_was_taken_away_is_gone_when_that_is_answered() {
    explore(|| {
        let (node, answered) = (Node::started(), Arc::new(AtomicBool::new(false)));
        // The position of the log that positions are compared with must not be the start.
        node.log.announce(&change(ChangeKind::Session, "another"), &node.clock);
        let follower = node.follow_beside();
        let ask = |node: Arc<Node>, answered: Arc<AtomicBool>| {
            for _ in 0..3 {
                let late = answered.load(Ordering::SeqCst);
                assert!(!(node.admits_with_role(&TOKEN) && late), "let in by a right of before");
            }
        };
        let client = {
            let (node, answered) = (Arc::clone(&node), Arc::clone(&answered));
            thread::spawn(move || ask(node, answered))
        };
        node.log.take_role(&change(ChangeKind::Rights, "alice"), &node.clock);
        answered.store(true, Ordering::SeqCst);
        ask(Arc::clone(&node), answered);
        follower.join().unwrap();
        client.join().unwrap();
    });
}

#[test]
fn a_role_that_was_taken_away_stays_gone_while_the_log_becomes_another() {
    explore(|| {
        let node = Node::started();
        node.log.announce(&change(ChangeKind::Session, "another"), &node.clock);
        let mut follower = node.follower();
        block_on(follower.load()).unwrap();
        assert!(node.admits_with_role(&TOKEN), "and is remembered with it");
        node.log.take_role(&change(ChangeKind::Rights, "alice"), &node.clock);
        block_on(follower.load()).unwrap();
        node.log.fail_over();
        let follower = thread::spawn(move || block_on(follower.load()).unwrap());
        assert!(!node.admits_with_role(&TOKEN));
        follower.join().unwrap();
    });
}
