//! PostgreSQL is away: nobody hears of changes, and logout tokens cannot be answered.

use std::sync::Arc;

use super::{UNTOLD, last};
use crate::proof::load::Load;
use crate::proof::node::Node;
use crate::proof::stage::Stage;
use crate::proof::verdict::Excuse;

/// As by a power cut, while back-channel calls come.
pub fn is_killed(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.end_some();
    stage.postgres.stop();
    stage.end(1);
    last(UNTOLD);
    stage.postgres.restart();
    stage.nodes.iter().for_each(|node: &Node| node.await_sight(true));
    stage.end_some();
    vec![]
}
