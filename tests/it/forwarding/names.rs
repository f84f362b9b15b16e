//! Names of servers are looked up again and again.

use std::fs;

use crate::support::gateway::Gateway;
use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::Request;
use crate::support::recorder::Recorder;
use crate::support::setup::{Running, Setup};

#[test]
fn a_name_whose_address_changes_is_followed() {
    let old = Recorder::start_at(([127, 0, 0, 2], 0).into());
    let port = old.address.port();
    let new = Recorder::start_at(([127, 0, 0, 3], port).into());
    let mut setup = Setup::with_routes("[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\n");
    let hosts = setup.directory().join("hosts");
    let lead_to = |server: &Recorder| {
        fs::write(&hosts, format!("127.0.0.1 localhost\n{} moving.test\n", server.address.ip())).unwrap();
    };
    lead_to(&old);
    setup.config.upstreams = format!("[[upstream]]\nname = \"app\"\nservers = [\"http://moving.test:{port}\"]\n");
    let running = Running { gateway: Gateway::start_with_hosts(&hosts, &setup.write()), setup };
    let get = || running.gateway.send(Request::get("/x")).status;
    assert_eq!((get(), old.count()), (200, 1));

    lead_to(&new);
    let address = new.address.to_string();
    let told = running.gateway.log.wait(PATIENCE, |line| field(line, "servers") == Some(address.as_str()));
    assert!(told.is_some(), "the name was looked up once only: {}", running.gateway.log.text());
    wait_for("the new server", || {
        assert_eq!(get(), 200, "a request was lost on the way");
        (new.count() > 0).then_some(())
    });
    let before = old.count();
    assert!((0..10).all(|_| get() == 200));
    assert_eq!(old.count(), before, "a request went to an address that is gone");
    assert_eq!(running.gateway.metric("doorward_upstream_server_up", &[]), 1.0, "the old address is still shown");
}
