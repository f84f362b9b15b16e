//! A node that is killed, or stands still.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{UNTOLD, last};
use crate::proof::load::Load;
use crate::proof::stage::Stage;
use crate::proof::verdict::Excuse;

pub fn one_is_killed(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.ring(&[0, 1]);
    stage.end_some();
    let excuse = killed(stage, || stage.end_some());
    stage.end_some();
    vec![excuse]
}

pub fn the_called_one_is_killed(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.ring(&[2]);
    let excuse = killed(stage, || {
        stage.end_some();
        last(UNTOLD);
    });
    vec![excuse]
}

pub fn one_stands_still(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.ring(&[0, 1]);
    let began = Instant::now();
    stage.nodes[2].signal("STOP");
    stage.end_some();
    last(STILL.saturating_sub(began.elapsed()));
    stage.nodes[2].signal("CONT");
    stage.nodes[2].await_sight(true);
    stage.end_some();
    vec![]
}

/// Keycloak waits for it as long as it can, and the token is answered in time or not.
pub fn the_called_one_stands_still(stage: &Arc<Stage>, _: &Load) -> Vec<Excuse> {
    stage.ring(&[2]);
    let began = Instant::now();
    stage.nodes[2].signal("STOP");
    std::thread::scope(|scope| {
        let ending = scope.spawn(|| stage.end(1));
        last(STILL.saturating_sub(began.elapsed()));
        stage.nodes[2].signal("CONT");
        ending.join().unwrap();
    });
    last(UNTOLD);
    vec![]
}

fn killed(stage: &Stage, meanwhile: impl FnOnce()) -> Excuse {
    let from = Instant::now();
    stage.nodes[2].kill();
    meanwhile();
    stage.nodes[2].start();
    stage.nodes[2].await_sight(true);
    Excuse { node: 2, time: from..Instant::now() }
}

const STILL: Duration = Duration::from_secs(5);
