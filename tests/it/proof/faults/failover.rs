//! A failover of PostgreSQL to a replica that has every commit.

use std::sync::Arc;

use crate::proof::load::Load;
use crate::proof::node::Node;
use crate::proof::stage::Stage;
use crate::proof::verdict::Excuse;

pub fn to_a_synchronous_replica(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    let replica = stage.postgres.standby();
    stage.end_some();
    stage.postgres.stop();
    replica.promote();
    stage.nodes.iter().for_each(|node| node.to_database.lead_to(replica.port()));
    stage.nodes.iter().for_each(|node: &Node| node.await_sight(true));
    stage.end_some();
    // Whatever comes now is on this one.
    *stage.replica.lock().unwrap() = Some(replica);
    vec![]
}
