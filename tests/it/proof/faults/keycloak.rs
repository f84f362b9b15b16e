//! Keycloak is away: nobody can be asked, and nothing ends. What ends when it is back and reaches nobody is heard of.

use std::sync::Arc;

use super::{UNTOLD, last};
use crate::proof::load::Load;
use crate::proof::stage::Stage;
use crate::proof::verdict::Excuse;

/// Killed, it would lose its realm: its own database is a file that is written when it ends.
pub fn is_stopped(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.end_some();
    stage.keycloak.lock().unwrap().stop();
    stage.keycloak.lock().unwrap().start_again();
    stage.ring(&[]);
    stage.end_some();
    last(UNTOLD);
    stage.ring(&[0, 1, 2]);
    stage.end_some();
    vec![]
}
