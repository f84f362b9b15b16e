//! PostgreSQL is away: nobody hears of changes, and logout tokens cannot be answered.

use std::sync::Arc;
use std::time::Duration;

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
    // Whoever reads events still tries to write what the first said when the next one comes.
    last(Duration::from_secs(1));
    stage.end(1);
    last(UNTOLD);
    stage.postgres.restart();
    stage.nodes.iter().for_each(|node: &Node| node.await_sight(true));
    stage.end_some();
    vec![]
}
