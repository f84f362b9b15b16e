//! Everything is stopped between the end of a session and the next request.

use std::sync::Arc;
use std::time::Instant;

use crate::proof::load::Load;
use crate::proof::node::Node;
use crate::proof::stage::Stage;
use crate::proof::verdict::Excuse;
use crate::support::patience::wait_for;

pub fn starts_again(stage: &Arc<Stage>, load: &Load) -> Vec<Excuse> {
    let from = Instant::now();
    stage.end_some();
    stage.nodes.iter().for_each(Node::kill);
    stage.postgres.stop();
    stage.keycloak.lock().unwrap().stop();
    stage.postgres.restart();
    stage.keycloak.lock().unwrap().start_again();
    stage.nodes.iter().for_each(Node::start);
    let (until, late) = (Instant::now(), load.late());
    wait_for("requests of dead sessions", || (load.late() > late + 100).then_some(()));
    (0..stage.nodes.len()).map(|node| Excuse { node, time: from..until }).collect()
}
