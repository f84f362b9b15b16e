//! Revocations by the thousand.

use std::sync::Arc;

use crate::proof::load::Load;
use crate::proof::stage::Stage;
use crate::proof::verdict::Excuse;

/// Of sessions that nobody has, while others end.
pub fn ten_thousand(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    let revoke = format!(
        "select count(doorward.record_change('{}', 'session', 'burst-' || n)) from generate_series(1, 10000) n",
        stage.world.issuer
    );
    std::thread::scope(|scope| {
        scope.spawn(|| stage.database.execute(&revoke));
        stage.end_some();
    });
    stage.end_some();
    vec![]
}
