//! Configuration files that must not be accepted, and what `doorward check` shows.

use std::fs;
use std::net::TcpListener;
use std::process::Output;

use super::Script;
use crate::support::gateway::{Gateway, doorward, run};
use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::Request;
use crate::support::setup::{Config, Running, Setup};

pub const SCRIPTS: &[(&str, Script)] = &[
    ("CFG-001", |_| unknown_keys()),
    ("CFG-005", |_| plain_http_issuer()),
    ("CFG-006", |_| symmetric_algorithms()),
    ("CFG-010", |_| trusting_everybody()),
    ("CFG-011", |_| mapped_addresses()),
    ("CFG-012", |_| reload_of_a_bad_file()),
    ("CFG-014", |_| readable_secret()),
    ("CFG-015", |_| secret_from_the_environment()),
    ("CFG-016", |_| two_rules_for_one_request()),
    ("CFG-018", |_| a_loop()),
    ("CFG-020", |_| a_good_file()),
    ("CFG-021", |_| missing_secret()),
];

/// What `doorward check` says of the fixture's file after a change.
fn check(change: impl Fn(&mut Config)) -> (Option<i32>, String) {
    let mut setup = Setup::new();
    change(&mut setup.config);
    said(&run(&["check", "--config", setup.write().to_str().unwrap()]))
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn assert_refused(change: impl Fn(&mut Config), named: &[&str]) {
    let (code, text) = check(change);
    assert_eq!(code, Some(1), "expected a refusal: {text}");
    for name in named {
        assert!(text.contains(name), "expected {name} in: {text}");
    }
}

fn unknown_keys() {
    assert_refused(|config| config.server += "lisen = 1\n", &["lisen", "doorward.toml:4"]);
    assert_refused(|config| config.keycloak += "audiense = 1\n", &["audiense", "audience"]);
    assert_refused(|config| config.users += "databse = 1\n", &["databse"]);
    assert_refused(|config| config.upstreams += "server = []\n", &["server"]);
    assert_refused(|config| config.routes += "any_rol = [\"admin\"]\n", &["any_rol", "any_role"]);
    assert_refused(|config| config.more += "[autth]\nprefix = \"/auth\"\n", &["autth"]);
}

fn plain_http_issuer() {
    let other = |config: &mut Config| {
        let old = config.keycloak.lines().next().unwrap().to_owned();
        config.keycloak = config.keycloak.replace(&old, "issuer = \"http://sso.example.com/realms/acme\"");
    };
    assert_refused(other, &["http://sso.example.com"]);
}

fn symmetric_algorithms() {
    for algorithm in ["none", "HS256", "HS384", "HS512"] {
        let list = format!("\"RS256\", \"{algorithm}\"");
        let change = |config: &mut Config| config.keycloak = config.keycloak.replace("\"RS256\", \"ES256\"", &list);
        assert_refused(change, &[algorithm]);
    }
}

fn trusting_everybody() {
    for network in ["0.0.0.0/0", "::/0", "::ffff:0:0/96"] {
        let line = format!("trusted_proxies = [\"{network}\"]\n");
        assert_refused(|config| config.server += &line, &["trusted_proxies"]);
    }
}

/// An IPv4 peer is the same peer however the network or the socket writes it.
fn mapped_addresses() {
    let forwarded_for = |listen: &str, trusted: &str| {
        let mut setup = Setup::new();
        setup.config.server = setup.config.server.replacen("127.0.0.1:0", listen, 1);
        setup.config.server += &format!("trusted_proxies = [\"{trusted}\"]\n");
        let mut running = setup.start();
        running.gateway.address = ([127, 0, 0, 1], running.gateway.address.port()).into();
        running.gateway.send(Request::get("/public/x").with("X-Forwarded-For", "192.0.2.7"));
        running.upstream().only(0).value("X-Forwarded-For")
    };
    let honoured = forwarded_for("127.0.0.1:0", "127.0.0.0/8");
    assert!(honoured.starts_with("192.0.2.7"), "a trusted proxy is not believed: {honoured}");
    assert_eq!(forwarded_for("127.0.0.1:0", "::ffff:127.0.0.0/104"), honoured);
    assert_eq!(forwarded_for("[::]:0", "127.0.0.0/8"), honoured);
    assert_eq!(forwarded_for("[::]:0", "10.0.0.0/8"), "127.0.0.1");
}

fn reload_of_a_bad_file() {
    let mut running = Running::new();
    let good = running.setup.config.routes.clone();
    running.setup.config.routes += "[[route]]\npath = \"/new/*\"\nupstream = \"nobody\"\n";
    let file = running.setup.write();
    assert_eq!(run(&["check", "--config", file.to_str().unwrap()]).status.code(), Some(1));
    running.gateway.signal("HUP");
    let complaint = running.gateway.log.wait(PATIENCE, |line| field(line, "level") == Some("ERROR"));
    assert!(complaint.is_some(), "a failed reload is not logged");
    assert_eq!(running.send_as("alice", Request::get("/api/x")).status, 200);
    running.setup.config.routes = good + "[[route]]\npath = \"/new/*\"\nupstream = \"app\"\naccess = \"public\"\n";
    running.setup.write();
    running.gateway.signal("HUP");
    wait_for("the new route", || (running.gateway.send(Request::get("/new/x")).status == 200).then_some(()));
}

fn readable_secret() {
    use std::os::unix::fs::PermissionsExt;
    let setup = Setup::new();
    let secret = setup.directory().join("client-secret");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let (_, text) = said(&run(&["check", "--config", setup.write().to_str().unwrap()]));
    assert!(text.contains("client_secret") && text.contains("read"), "expected a word about the secret's file: {text}");
}

fn secret_from_the_environment() {
    let mut setup = Setup::new();
    let from_file = format!("{{ file = \"{}\" }}", setup.directory().join("client-secret").display());
    setup.config.keycloak = setup.config.keycloak.replace(&from_file, "{ env = \"CASES_SECRET\" }");
    let file = setup.write();
    let secret = "0b7e-never-to-be-seen-5d1c";
    let output = doorward(["check".as_ref(), "--config".as_ref(), file.as_os_str()])
        .env("CASES_SECRET", secret)
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let (code, text) = said(&output);
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains(secret), "the secret is shown: {text}");
}

fn two_rules_for_one_request() {
    let twice = "[[route]]\npath = \"/api/*\"\nupstream = \"app\"\naccess = \"public\"\n";
    assert_refused(|config| config.routes += twice, &["/api/*"]);
}

fn a_loop() {
    let change = |config: &mut Config| {
        config.server = config.server.replacen("127.0.0.1:0", "127.0.0.1:8765", 1);
        config.upstreams = "[[upstream]]\nname = \"app\"\nservers = [\"http://127.0.0.1:8765\"]\n".into();
    };
    assert_refused(change, &["8765"]);
}

/// The address is taken by somebody else, which `check` must not notice.
fn a_good_file() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, text) = check(|config| config.server = config.server.replacen("127.0.0.1:0", &address, 1));
    assert_eq!(code, Some(0), "{text}");
}

fn missing_secret() {
    let setup = Setup::new();
    fs::remove_file(setup.directory().join("client-secret")).unwrap();
    let file = setup.write();
    let (code, text) = said(&run(&["check", "--config", file.to_str().unwrap()]));
    assert_eq!(code, Some(1), "{text}");
    assert!(Gateway::try_start(&file).is_err(), "it started without its secret");
}
