//! The command line is no node, and what it changes holds on all of them when it returns.

use serde_json::Value;

use super::world::{Nodes, log_out};
use crate::support::gateway::run;
use crate::support::patience::wait_for;
use crate::support::raw::Request;

fn doorward(nodes: &Nodes, arguments: &[&str]) -> String {
    let config = nodes.config.to_str().unwrap();
    let output = run(&[arguments, &["--config", config]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_granted_role_holds_on_every_node_when_the_command_returns() {
    let nodes = Nodes::new();
    let token = nodes.setup.words.token_of("alice");
    for (command, before, after) in [("grant", 403, 200), ("revoke", 200, 403)] {
        let ask = |expected| {
            for gateway in &nodes.gateways {
                let answer = gateway.send(Request::get("/admin/x").bearer(&token));
                assert_eq!(answer.status, expected, "{command}: {}", gateway.log.text());
            }
        };
        ask(before);
        doorward(&nodes, &["users", command, "--username", "alice", "--role", "admin"]);
        ask(after);
    }
}

#[test]
fn the_nodes_are_listed_with_who_lives_and_who_does_not() {
    let nodes = Nodes::new();
    let list = || -> Vec<Value> {
        let text = doorward(&nodes, &["nodes", "--json"]);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let live = list();
    assert_eq!(live.len(), 3);
    assert!(live.iter().all(|node| node["live"] == true && node["behind"] == 0), "{live:?}");
    assert!(live.iter().all(|node| node["version"] == env!("CARGO_PKG_VERSION")), "{live:?}");
    assert!(live.iter().all(|node| node["last_revocation_ms"].is_null()), "{live:?}");

    let session = nodes.session();
    assert_eq!(log_out(&nodes.gateways[0], &session).0.status, 204);
    let told = wait_for("the last revocation", || {
        let nodes = list();
        nodes.into_iter().find(|node| !node["last_revocation_ms"].is_null())
    });
    let (took, age) = (told["last_revocation_ms"].as_f64().unwrap(), told["last_revocation_age_seconds"].as_u64());
    assert!(took > 0.0 && age.is_some_and(|age| age < 60), "{told:?}");

    nodes.gateways[1].signal("STOP");
    // Written by nobody who would wait for it, and evict it.
    nodes.database.execute("select doorward.record_change('https://sso.test', 'session', 'another')");
    let one_silent = list();
    nodes.gateways[1].signal("CONT");
    assert_eq!(one_silent.iter().filter(|node| node["live"] == true).count(), 2, "{one_silent:?}");
    let silent = one_silent.iter().find(|node| node["live"] == false).unwrap();
    assert!(silent["behind"].as_i64() > Some(0), "{one_silent:?}");
}
