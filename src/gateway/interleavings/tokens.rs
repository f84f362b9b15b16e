//! Tokens whose key leaves, or whose marks arrive, while they are verified and cached.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shuttle::thread;

use super::exploration::explore;
use super::node::{Node, SUCCESSOR, TOKEN, change};
use crate::identity::testing;
use crate::store::{Change, ChangeKind};

#[test]
fn a_token_whose_key_left_while_it_was_verified_and_cached_passes_for_nobody_who_comes_later() {
    explore(|| {
        let (node, left) = (Node::started(), Arc::new(AtomicBool::new(false)));
        let client = {
            let (node, left) = (Arc::clone(&node), Arc::clone(&left));
            thread::spawn(move || {
                for _ in 0..3 {
                    let late = left.load(Ordering::SeqCst);
                    assert!(!(node.admits(&TOKEN) && late), "let in by a key that is gone");
                }
            })
        };
        testing::publish(&node.keys, &[&SUCCESSOR], &node.clock);
        left.store(true, Ordering::SeqCst);
        client.join().unwrap();
        assert!(!node.admits(&TOKEN));
    });
}

#[test]
fn of_two_marks_that_arrive_at_once_the_later_one_holds() {
    explore(|| {
        let node = Node::started();
        let mark = |not_before| Change { not_before: Some(not_before), ..change(ChangeKind::Subject, "alice") };
        let now = i64::try_from(testing::NOW.0).unwrap();
        let other = {
            let (node, later) = (Arc::clone(&node), mark(now));
            thread::spawn(move || node.standing.learn(&later))
        };
        // The token is newer than this one.
        node.standing.learn(&mark(now - 100));
        other.join().unwrap();
        assert!(!node.admits(&TOKEN));
    });
}
