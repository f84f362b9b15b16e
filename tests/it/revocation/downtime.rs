//! What happens while nobody listens, and what is left behind: found by those who come later.

use std::time::Duration;

use super::scene::{GENEROUS, Scene};
use crate::nodes::world::Nodes;
use crate::support::patience::{wait_for, within};

#[test]
#[ignore = "a minute: make campaign"]
fn what_ended_while_no_gateway_ran_is_heard_of_when_one_does() {
    let mut scene = Scene::deaf();
    let (alice, bob) = (scene.alive("alice"), scene.alive("bob"));
    let polls = || scene.front.gateway.metric("doorward_event_polls_total", &[]);
    wait_for("a place among the events", || (polls() > 1.0).then_some(()));
    let Scene { world, front } = &mut scene;
    front.restart_after(|| {
        world.realm().delete(&format!("sessions/{}", alice.sid));
        // Longer than a gateway looks back that begins with the events of now.
        std::thread::sleep(Duration::from_secs(40));
    });
    let dead = within(GENEROUS, || (!scene.passes(&alice)).then_some(()));
    assert!(dead.is_some(), "{}", scene.front.gateway.log.text());
    assert!(scene.passes(&bob), "nobody else is concerned");
}

#[test]
#[ignore = "two minutes: make campaign"]
fn the_keeper_forgets_old_changes_and_nodes_that_are_gone() {
    let nodes = Nodes::new();
    nodes.await_members(3);
    let record = |key: &str| format!("select doorward.record_change('https://sso.test', 'session', '{key}')");
    nodes.database.execute(&record("old"));
    // All that came before, too: the log is cleaned from its beginning.
    nodes.database.execute("update doorward.change set at = at - interval '2 days'");
    nodes.database.execute(&record("new"));
    nodes.gateways[2].signal("KILL");
    let mut psql = nodes.database.connect();
    let mut count =
        |rows: &str| -> i64 { psql.query_one(&format!("select count(*) from {rows}"), &[]).unwrap().get(0) };
    let forgotten = within(Duration::from_secs(200), || {
        let left = (count("doorward.change where key = 'old'"), count("doorward.node"));
        (left == (0, 2)).then_some(())
    });
    assert!(forgotten.is_some(), "{}", nodes.gateways[0].log.text());
    assert_eq!(count("doorward.change where key = 'new'"), 1);
}
