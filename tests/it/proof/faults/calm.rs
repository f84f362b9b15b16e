//! Nothing: the sessions that are left end one by one.

use std::sync::Arc;
use std::time::Duration;

use crate::proof::load::Load;
use crate::proof::stage::Stage;
use crate::proof::verdict::Excuse;
use crate::support::patience::within;

/// How many requests after an end are claimed.
pub fn wanted() -> usize {
    std::env::var("REQUESTS").map_or(500, |text| text.parse().unwrap())
}

/// All but the last tenth, which stay alive.
pub fn nothing_fails(stage: &Arc<Stage>, load: &Load) -> Vec<Excuse> {
    let live = stage.sessions.len() / 10;
    while stage.left() > live {
        stage.end(1);
    }
    // Some of them get no answer, or follow an end that no node was told of, and show nothing.
    let wanted = wanted() * 3 / 2;
    let asked = within(Duration::from_secs(600), || (load.late() >= wanted).then_some(()));
    assert!(asked.is_some(), "only {} requests after the answer", load.late());
    vec![]
}
