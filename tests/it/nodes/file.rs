//! Two processes on one file, as while one takes over from the other.

use std::time::Duration;

use super::world::{Sessions, log_out, status};
use crate::support::gateway::Gateway;
use crate::support::setup::Setup;

#[test]
fn two_processes_on_one_file_know_of_each_others_revocations() {
    let setup = Setup::new();
    let config = setup.write();
    let nodes = [Gateway::start(&config), Gateway::start(&config)];
    let sessions = Sessions::default();
    let mut fastest = Duration::MAX;
    for turn in 0..10 {
        let session = sessions.open(&setup);
        for node in &nodes {
            assert_eq!(status(node, &session), 200, "{}", node.log.text());
        }
        let (answer, took) = log_out(&nodes[turn % 2], &session);
        assert_eq!(answer.status, 204, "{}", answer.shown());
        for node in &nodes {
            assert_eq!(status(node, &session), 401, "{}", node.log.text());
        }
        fastest = fastest.min(took);
    }
    assert!(fastest < Duration::from_millis(500), "{fastest:?}");
}
