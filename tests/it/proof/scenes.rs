//! All scenes, one after the other, on one stage.

use std::sync::Arc;
use std::time::Instant;

use super::faults::{burst, calm, database, everything, failover, keycloak, namespace, network, nodes};
use super::load::Load;
use super::stage::Stage;
use super::verdict::{Excuse, Verdict, statuses};

/// What happens while sessions end.
#[derive(Clone, Copy)]
struct Scene {
    name: &'static str,
    play: Play,
    shows: Shows,
}

/// What must have been asked, or nothing was shown.
#[derive(Clone, Copy)]
enum Shows {
    /// Something after an end that a node was told of.
    Told,
    /// Something after an end that reached no node, so that only events told of it.
    Untold,
    /// As much as is claimed, after ends that a node was told of.
    All,
}

type Play = fn(&Arc<Stage>, &Load) -> Vec<Excuse>;

const fn scene(name: &'static str, play: Play) -> Scene {
    Scene { name, play, shows: Shows::Told }
}

const fn untold(name: &'static str, play: Play) -> Scene {
    Scene { name, play, shows: Shows::Untold }
}

const SCENES: &[Scene] = &[
    scene("a node is killed and started again", nodes::one_is_killed),
    untold("the called node is killed", nodes::the_called_one_is_killed),
    scene("a node stands still for 5 s", nodes::one_stands_still),
    scene("the called node stands still for 5 s", nodes::the_called_one_stands_still),
    scene("a node is cut off from PostgreSQL", network::one_has_no_database),
    untold("the called node is cut off from PostgreSQL", network::the_called_one_has_no_database),
    scene("a node is cut off from Keycloak", network::one_has_no_keycloak),
    scene("a node is cut off from both", network::one_has_neither),
    scene("connections to PostgreSQL are dropped silently", network::connections_are_dropped),
    scene("a blind node with stale_when_blind = 0s", network::one_holds_no_rights),
    scene("10,000 revocations in a burst", burst::ten_thousand),
    scene("PostgreSQL is killed and started again", database::is_killed),
    untold("Keycloak is stopped and started again", keycloak::is_stopped),
    scene("everything is started again", everything::starts_again),
];

/// What needs root.
const LONG: &[Scene] = &[scene("the network of a node is down", namespace::is_down)];

/// After the one the first database is gone, and the other takes all the sessions that are left.
const LAST: &[Scene] = &[
    scene("PostgreSQL fails over to a synchronous replica", failover::to_a_synchronous_replica),
    Scene { name: "nothing fails", play: calm::nothing_fails, shows: Shows::All },
];

#[test]
#[ignore = "minutes, and the whole machine: a step of its own in tools/test"]
#[expect(clippy::print_stdout, reason = "the counts are what it is for")]
fn who_is_dead_stays_out_and_who_is_alive_stays_in_whatever_fails() {
    let began = Instant::now();
    let is_long = std::env::var_os("LONG").is_some();
    let stage = Stage::start(is_long);
    println!("{} sessions, {:?} to begin", stage.sessions.len(), began.elapsed());
    let only = std::env::var("ONLY").unwrap_or_default();
    let long = if is_long { LONG } else { &[] };
    let scenes = [SCENES, long, LAST].concat().into_iter().filter(|scene| scene.name.contains(&only));
    let wrong: Vec<_> = scenes.filter(|scene| !show(&stage, *scene)).map(|scene| scene.name).collect();
    println!("{:?} in all", began.elapsed());
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Plays a scene under load, and prints what was seen; whether all of it was right.
#[expect(clippy::print_stdout, reason = "the counts are what it is for")]
fn show(stage: &Arc<Stage>, scene: Scene) -> bool {
    let began = Instant::now();
    stage.clear();
    stage.ring(&[0, 1, 2]);
    let load = Load::start(stage);
    let excuses = (scene.play)(stage, &load);
    let asked = load.stop();
    let verdict = Verdict::of(stage, &asked, &excuses);
    println!("{} ({:.1} s): {verdict}", scene.name, began.elapsed().as_secs_f64());
    println!("    {}, answers {:?}", stage.ends(), statuses(&asked));
    verdict.wrong().for_each(|example| println!("    WRONG: {example}"));
    let is_shown = match scene.shows {
        Shows::Told => verdict.told.all > 0,
        Shows::Untold => verdict.untold.all > 0,
        Shows::All => verdict.told.all >= calm::wanted(),
    };
    verdict.is_right() && is_shown
}
