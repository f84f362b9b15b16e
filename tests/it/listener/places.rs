//! How many connections there may be at once.

use crate::support::gateway::Gateway;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request};
use crate::support::setup::Setup;
use crate::support::tls::{Client, Pair};

/// A connection on which a request was served, and which is kept.
fn served(mut connection: Connection) -> Option<Connection> {
    connection.send(&Request::get("/public/x").bytes());
    connection.response().ok().filter(|answer| answer.status == 200).map(|_| connection)
}

fn plain(gateway: &Gateway) -> Option<Connection> {
    served(Connection::open(gateway.address))
}

fn over_tls(gateway: &Gateway) -> Option<Connection> {
    served(Connection::over(Client::asking("gw.test", &["http/1.1"]).connect(gateway.tls.unwrap()).ok()?))
}

fn refused(gateway: &Gateway) -> f64 {
    gateway.metric("doorward_requests_total", &["reason=\"too-many-connections\"", "status=\"503\""])
}

fn dropped(gateway: &Gateway) -> f64 {
    gateway.metric("doorward_connections_dropped_total", &["reason=\"full\""])
}

#[test]
fn a_connection_beyond_the_most_is_told_so_and_the_next_has_the_place_of_one_that_left() {
    let mut setup = Setup::new();
    setup.config.server += "max_connections = 2\n";
    let running = setup.start();
    let gateway = &running.gateway;
    let (mut stays, leaves) = (plain(gateway).unwrap(), plain(gateway).unwrap());

    let answer = gateway.send(Request::get("/public/x"));
    assert_eq!((answer.status, answer.value("Retry-After")), (503, "2".into()), "{}", answer.shown());
    assert_eq!(answer.json()["type"], "/problems/too-many-connections");
    assert_eq!(answer.value("Connection"), "close");
    assert_eq!((refused(gateway), dropped(gateway)), (1.0, 0.0));
    stays.send(&Request::get("/public/stays").bytes());
    assert_eq!(stays.response().unwrap().status, 200, "who has a place keeps it");
    assert!(gateway.log.wait(PATIENCE, |line| line["path"] == "/public/stays").is_some());
    assert_eq!(gateway.log.text().matches("\"reason\":\"too-many-connections\"").count(), 1);

    drop(leaves);
    let next = wait_for("a free place", || plain(gateway));
    assert!(plain(gateway).is_none(), "all places are taken again");
    drop((stays, next));
}

#[test]
fn over_tls_a_connection_beyond_the_most_ends_before_its_handshake() {
    let mut setup = Setup::new();
    let pair = Pair::write(setup.directory(), "own", "own-ec", "gw.test");
    setup.config.server += &format!("max_connections = 2\n[server.tls]\nlisten = \"127.0.0.1:0\"\n{}", pair.settings());
    let running = setup.start();
    let gateway = &running.gateway;
    let (stays, leaves) = (plain(gateway).unwrap(), over_tls(gateway).unwrap());

    let handshake = Client::asking("gw.test", &["http/1.1"]).connect(gateway.tls.unwrap());
    assert!(handshake.is_err(), "it was begun");
    wait_for("the count", || (dropped(gateway) == 1.0).then_some(()));
    assert_eq!(refused(gateway), 0.0);
    let told = gateway.log.wait(PATIENCE, |line| line["reason"] == "full").unwrap();
    assert_eq!((&told["message"], &told["client"]), (&"a connection was dropped".into(), &"127.0.0.1".into()));
    assert!(plain(gateway).is_none(), "the listeners share the places");
    assert_eq!((refused(gateway), dropped(gateway)), (1.0, 1.0));

    drop(leaves);
    let next = wait_for("a free place", || over_tls(gateway));
    assert!(over_tls(gateway).is_none(), "all places are taken again");
    drop((stays, next));
}
