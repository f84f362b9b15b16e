//! Files that change are taken up without a signal.

use std::fs;
use std::os::unix::fs::symlink;

use super::{public, reload, reloads, signal};
use crate::support::gateway::Gateway;
use crate::support::patience::wait_for;
use crate::support::raw::Request;
use crate::support::setup::{Running, Setup, write_secret};

fn wait_for_route(running: &Running, path: &str) {
    wait_for(path, || (running.gateway.send(Request::get(path)).status == 200).then_some(()));
}

#[test]
fn a_file_that_changes_is_taken_up_by_itself() {
    let mut running = Running::new();
    running.setup.config.routes += &public("/new/*");
    running.setup.write();
    wait_for_route(&running, "/new/x");
    wait_for("its count", || (reloads(&running, "applied") == 1.0).then_some(()));
}

#[test]
fn a_link_that_leads_elsewhere_is_a_change() {
    let mut setup = Setup::new();
    let directory = setup.directory().to_owned();
    let mount = |name: &str, text: &str| {
        fs::create_dir(directory.join(name)).unwrap();
        fs::write(directory.join(name).join("doorward.toml"), text).unwrap();
    };
    mount("first", &setup.config.text());
    setup.config.routes += &public("/new/*");
    mount("second", &setup.config.text());
    symlink("first", directory.join("data")).unwrap();
    let gateway = Gateway::start(&directory.join("data/doorward.toml"));
    let running = Running { gateway, setup };
    assert_eq!(running.gateway.send(Request::get("/new/x")).status, 404);
    symlink("second", directory.join("next")).unwrap();
    fs::rename(directory.join("next"), directory.join("data")).unwrap();
    wait_for_route(&running, "/new/x");
}

#[test]
fn a_file_is_left_alone_where_the_settings_say_so() {
    let mut running = Running::new();
    running.setup.config.server += "reload_on_change = false\n";
    reload(&running, "applied");
    running.setup.config.routes += &public("/new/*");
    running.setup.write();
    // Two looks and more; a signal is still heeded.
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!((reloads(&running, "applied"), reloads(&running, "refused")), (1.0, 0.0));
    signal(&running, "applied");
    assert_eq!(running.gateway.send(Request::get("/new/x")).status, 200);
}

#[test]
fn a_secret_that_was_rotated_is_taken_up() {
    use base64::Engine;
    let running = Running::new();
    let (client, old) = (running.setup.words.client.clone(), running.setup.words.client_secret.clone());
    let token = running.new_token("alice");
    let status = |secret: &str| {
        let basic = base64::prelude::BASE64_STANDARD.encode(format!("{client}:{secret}"));
        let request = Request::new("POST", "/auth/token/validate").with("Authorization", &format!("Basic {basic}"));
        running.gateway.send(request.json(&serde_json::json!({ "token": token }))).status
    };
    assert_eq!((status(&old), status("rotated")), (200, 401));
    write_secret(&running.setup.directory().join("client-secret"), "rotated");
    wait_for("a reload", || (reloads(&running, "applied") > 0.0).then_some(()));
    assert_eq!((status(&old), status("rotated")), (401, 200));
}
