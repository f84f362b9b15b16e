//! A node, or the server, is away while a session ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use test_services::postgres::Postgres;

use super::world::{GRACE, Nodes, log_out, status};
use crate::postgres::valve::Valve;
use crate::support::issuer::Answer;
use crate::support::patience::{PATIENCE, within};

/// What the machine may add to what the clocks say.
const SLACK: Duration = Duration::from_millis(1500);

#[test]
fn a_node_that_stands_still_costs_one_answer_and_is_blind_when_it_goes_on() {
    let nodes = Nodes::new();
    nodes.await_members(3);
    let (first, second) = (nodes.session(), nodes.session());
    let still = &nodes.gateways[2];
    still.signal("STOP");
    let (answer, took) = log_out(&nodes.gateways[0], &first);
    assert_eq!(answer.status, 204, "{}", answer.shown());
    assert!(took < GRACE + SLACK, "{took:?}");
    nodes.await_members(2);
    let (answer, took) = log_out(&nodes.gateways[1], &second);
    assert_eq!(answer.status, 204, "{}", answer.shown());
    assert!(took < GRACE + SLACK, "{took:?}");
    // Keycloak would say so; whoever asks it must not be told by it.
    nodes.setup.issuer.introspection(Answer::Json(serde_json::json!({ "active": false })));
    still.signal("CONT");
    assert_eq!((status(still, &first), status(still, &second)), (401, 401));
    nodes.setup.issuer.introspection(Answer::Json(serde_json::json!({ "active": true })));
    nodes.await_members(3);
    nodes.assert_dead(&first);
    nodes.session();
}

#[test]
fn a_node_that_was_killed_costs_one_answer() {
    let mut nodes = Nodes::new();
    nodes.await_members(3);
    nodes.session();
    let mut killed = nodes.gateways.remove(2);
    killed.signal("KILL");
    killed.wait();
    let session = nodes.session();
    let (answer, took) = log_out(&nodes.gateways[0], &session);
    assert_eq!(answer.status, 204);
    assert!(took < GRACE + SLACK, "{took:?}");
    nodes.assert_dead(&session);
    nodes.await_members(2);
}

#[test]
fn a_server_that_hangs_is_503_and_what_ended_meanwhile_is_written_when_it_is_back() {
    let server = Postgres::start();
    let nodes = Nodes::on(&server, "");
    let (session, other) = (nodes.session(), nodes.session());
    server.pause();
    let (answer, took) = log_out(&nodes.gateways[0], &session);
    assert_eq!(answer.status, 503, "{}", answer.shown());
    assert!(took < Duration::from_millis(4500) + SLACK, "{took:?}");
    assert_eq!(status(&nodes.gateways[0], &session), 401, "dead here at once");
    server.resume();
    let everywhere =
        within(PATIENCE, || nodes.gateways.iter().all(|gateway| status(gateway, &session) == 401).then_some(()));
    assert!(everywhere.is_some());
    let alive = within(PATIENCE, || (status(&nodes.gateways[1], &other) == 200).then_some(()));
    assert!(alive.is_some());
}

#[test]
fn a_server_that_is_started_again_loses_no_revocation() {
    let server = Postgres::start();
    let nodes = Nodes::on(&server, "");
    let before = nodes.session();
    assert_eq!(log_out(&nodes.gateways[0], &before).0.status, 204);
    server.stop();
    server.restart();
    nodes.assert_dead(&before);
    let ended = within(PATIENCE, || {
        let session = nodes.sessions.open(&nodes.setup);
        (log_out(&nodes.gateways[1], &session).0.status == 204).then_some(session)
    });
    nodes.assert_dead(&ended.unwrap());
}

#[test]
fn connections_that_are_cut_silently_let_nobody_in() {
    let server = Postgres::start();
    let database = server.database();
    let valve = Valve::before(server.port());
    let url = database.url().replace(&server.port().to_string(), &valve.address.port().to_string());
    let nodes = Nodes::at(database, &url, "");
    for turn in 0..3 {
        let session = within(PATIENCE, || {
            let session = nodes.sessions.open(&nodes.setup);
            nodes.gateways.iter().all(|gateway| status(gateway, &session) == 200).then_some(session)
        });
        let session = session.unwrap();
        valve.sever();
        let (answer, _) = log_out(&nodes.gateways[turn], &session);
        assert_eq!(answer.status, 204, "{}", answer.shown());
        // A blind node asks Keycloak, which has ended the session as well.
        nodes.setup.issuer.introspection(Answer::Json(serde_json::json!({ "active": false })));
        nodes.assert_dead(&session);
        nodes.setup.issuer.introspection(Answer::Json(serde_json::json!({ "active": true })));
    }
}

#[test]
fn a_commit_that_is_cancelled_while_it_waits_for_a_replica_is_no_answer() {
    let server = Postgres::start();
    let nodes = Nodes::on(&server, "");
    let session = nodes.session();
    let mut psql = nodes.database.connect();
    let mut set = |names: &str| {
        psql.batch_execute(&format!("alter system set synchronous_standby_names = '{names}'")).unwrap();
        psql.batch_execute("select pg_reload_conf()").unwrap();
    };
    set("nobody");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let asked = scope.spawn(|| log_out(&nodes.gateways[0], &session).0);
        scope.spawn(|| {
            let mut psql = nodes.database.connect();
            let cancel = "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'";
            while !stop.load(Ordering::SeqCst) {
                psql.batch_execute(cancel).unwrap();
            }
        });
        let answer = asked.join().unwrap();
        stop.store(true, Ordering::SeqCst);
        assert_eq!(answer.status, 503, "{}", answer.shown());
    });
    assert_eq!(status(&nodes.gateways[0], &session), 401, "dead here at once");
    set("");
    nodes.assert_dead(&session);
    let ended = within(PATIENCE, || {
        let session = nodes.sessions.open(&nodes.setup);
        (log_out(&nodes.gateways[1], &session).0.status == 204).then_some(())
    });
    assert!(ended.is_some());
}
