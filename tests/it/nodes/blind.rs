//! A node that hears of no changes.

use test_services::postgres::Postgres;

use super::world::{Nodes, log_out, status};
use crate::support::gateway::Gateway;
use crate::support::issuer::Answer;
use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for};

fn await_blindness(gateway: &Gateway) {
    wait_for("the node to be blind", || {
        let ready = gateway.operations("/readyz").json();
        (ready["lease"]["valid"] == false).then_some(())
    });
    let told = |line: &serde_json::Value| {
        field(line, "message").is_some_and(|message| message.starts_with("the change log cannot be read"))
    };
    assert!(gateway.log.wait(PATIENCE, told).is_some());
}

#[test]
fn a_blind_node_asks_keycloak_and_what_is_dead_in_memory_stays_dead() {
    let server = Postgres::start();
    let nodes = Nodes::on(&server, "stale_when_blind = \"5m\"\n");
    let (dead, alive) = (nodes.session(), nodes.session());
    assert_eq!(log_out(&nodes.gateways[0], &dead).0.status, 204);
    server.stop();
    let node = &nodes.gateways[0];
    await_blindness(node);
    let before = nodes.setup.issuer.introspections();
    assert_eq!(status(node, &alive), 200, "{}", node.log.text());
    assert_eq!(status(node, &dead), 401);
    assert_eq!(nodes.setup.issuer.introspections(), before + 1, "Keycloak is not asked about what is dead here");
    nodes.setup.issuer.introspection(Answer::Json(serde_json::json!({ "active": false })));
    assert_eq!(status(node, &alive), 401);
    nodes.setup.issuer.introspection(Answer::raw(500, "text/plain", "unknown_error"));
    assert_eq!(status(node, &alive), 503, "nobody knows");
    server.restart();
    wait_for("the node to hear again", || (status(node, &alive) == 200).then_some(()));
    assert!(node.metric("doorward_blind_seconds_total", &[]) > 0.0);
}

#[test]
fn with_stale_when_blind_zero_a_blind_node_answers_503() {
    let server = Postgres::start();
    let nodes = Nodes::on(&server, "stale_when_blind = \"0s\"\n");
    let session = nodes.session();
    server.stop();
    await_blindness(&nodes.gateways[0]);
    assert_eq!(status(&nodes.gateways[0], &session), 503);
    assert_eq!(nodes.setup.issuer.introspections(), 0);
}

#[test]
fn a_node_that_is_to_refuse_asks_nobody() {
    let server = Postgres::start();
    let nodes = Nodes::on(&server, "\n[revocation]\nwhen_blind = \"refuse\"\n");
    let session = nodes.session();
    server.stop();
    await_blindness(&nodes.gateways[0]);
    assert_eq!(status(&nodes.gateways[0], &session), 503);
    assert_eq!(nodes.setup.issuer.introspections(), 0);
}
