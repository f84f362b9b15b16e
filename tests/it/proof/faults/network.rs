//! Roads on which nothing arrives any more, and nobody is told.

use std::sync::Arc;
use std::time::Instant;

use super::{UNTOLD, last};
use crate::proof::load::Load;
use crate::proof::node::House;
use crate::proof::stage::Stage;
use crate::proof::verdict::Excuse;
use crate::support::raw::Request;

pub fn one_has_no_database(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.ring(&[0, 1]);
    stage.nodes[2].to_database.cut();
    stage.end_some();
    stage.nodes[2].await_sight(false);
    stage.end_some();
    stage.nodes[2].to_database.mend();
    stage.nodes[2].await_sight(true);
    vec![]
}

pub fn the_called_one_has_no_database(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.ring(&[2]);
    stage.nodes[2].to_database.cut();
    stage.nodes[2].await_sight(false);
    stage.end(1);
    last(UNTOLD);
    stage.nodes[2].to_database.mend();
    stage.nodes[2].await_sight(true);
    vec![]
}

pub fn one_has_no_keycloak(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.nodes[2].to_keycloak.cut();
    stage.end_some();
    stage.nodes[2].to_keycloak.mend();
    stage.end_some();
    vec![]
}

/// It may refuse whom it likes.
pub fn one_has_neither(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.ring(&[0, 1]);
    let (from, node) = (Instant::now(), &stage.nodes[2]);
    node.to_database.cut();
    node.to_keycloak.cut();
    stage.end_some();
    node.await_sight(false);
    stage.end_some();
    node.to_database.mend();
    node.to_keycloak.mend();
    node.await_sight(true);
    vec![Excuse { node: 2, time: from..Instant::now() }]
}

/// Of all nodes, the connection that listens among them.
pub fn connections_are_dropped(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    for _ in 0..3 {
        stage.nodes.iter().for_each(|node| node.to_database.sever());
        stage.end_some();
    }
    vec![]
}

/// A fourth node, which may use no rights that it cannot check: blind, it lets nobody in and refuses nobody for good.
pub fn one_holds_no_rights(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    let node = stage.node("fourth", House::shared(), "stale_when_blind = \"0s\"");
    node.start();
    stage.end_some();
    node.to_database.cut();
    node.await_sight(false);
    // Each waits a moment for a lease; dead and live ones are among them.
    for session in stage.sessions.iter().step_by(stage.sessions.len() / 10) {
        let answer = Request::get("/").bearer(&session.tokens.access).send(node.address().unwrap());
        assert_eq!(answer.status, 503, "{}", node.log());
    }
    node.to_database.mend();
    node.await_sight(true);
    vec![]
}
