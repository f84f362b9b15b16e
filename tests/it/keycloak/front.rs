//! A gateway in front of a realm, with an application behind it, and people of the realm in its users database.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::keycloak::world::World;
use crate::support::gateway::{Gateway, run};
use crate::support::raw::{Request, Response};
use crate::support::recorder::Recorder;
use crate::support::setup::write_secret;

/// A gateway in front of a realm.
pub struct Front {
    /// The gateway.
    pub gateway: Gateway,
    /// The application.
    pub upstream: Recorder,
    file: String,
    _directory: TempDir,
}

impl Front {
    /// Starts one that knows alice, who is an administrator, and bob.
    pub fn of(world: &World) -> Self {
        Self::with(world, |text| text)
    }

    /// The same with a configuration that is changed.
    pub fn with(world: &World, change: impl FnOnce(String) -> String) -> Self {
        let (directory, upstream) = (tempfile::tempdir().unwrap(), Recorder::start());
        let secret = directory.path().join("client-secret");
        write_secret(&secret, "doorward-secret");
        let file = directory.path().join("doorward.toml");
        let text = CONFIG
            .replace("ISSUER", &world.issuer)
            .replace("SECRET", secret.to_str().unwrap())
            .replace("DATABASE", directory.path().join("users.db").to_str().unwrap())
            .replace("UPSTREAM", &upstream.url());
        fs::write(&file, change(text)).unwrap();
        let file = file.to_str().unwrap().to_owned();
        doorward(&file, &["migrate"]);
        doorward(&file, &["users", "adopt", "--username", "alice"]);
        doorward(&file, &["users", "adopt", "--username", "bob"]);
        doorward(&file, &["users", "grant", "--username", "alice", "--role", "admin"]);
        let gateway = Gateway::start(file.as_ref());
        Self { gateway, upstream, file, _directory: directory }
    }

    /// Kills the gateway, and starts it again when something has happened.
    pub fn restart_after(&mut self, meanwhile: impl FnOnce()) {
        self.gateway.signal("KILL");
        self.gateway.wait();
        meanwhile();
        self.gateway = Gateway::start(self.file.as_ref());
    }

    /// Runs a command of the gateway.
    pub fn doorward(&self, arguments: &[&str]) {
        doorward(&self.file, arguments);
    }

    /// Logs in through the gateway, from an address.
    pub fn login(&self, username: &str, password: &str) -> Response {
        let request = Request::new("POST", "/auth/login").with("X-Forwarded-For", ADDRESS);
        self.gateway.send(request.json(&json!({"username": username, "password": password})))
    }

    /// The tokens of a log-in through the gateway.
    pub fn tokens(&self, username: &str) -> Value {
        let answer = self.login(username, &format!("{username}-password"));
        assert_eq!(answer.status, 200, "{username}: {}\n{}", answer.shown(), self.gateway.log.text());
        answer.json()
    }

    /// The answer to a request with a token.
    pub fn ask(&self, path: &str, token: &str) -> Response {
        self.gateway.send(Request::get(path).bearer(token))
    }

    /// Its status.
    pub fn status(&self, path: &str, token: &str) -> u16 {
        self.ask(path, token).status
    }
}

fn doorward(file: &str, arguments: &[&str]) {
    let output = run(&[arguments, &["--config", file]].concat());
    assert!(output.status.success(), "doorward {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Where people log in from.
pub const ADDRESS: &str = "203.0.113.7";
const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
trusted_proxies = ["127.0.0.1/32"]

[keycloak]
issuer = "ISSUER"
client_id = "doorward"
client_secret = { file = "SECRET" }
audience = "doorward"
allowed_clients = ["doorward", "backend"]
keys_refresh = "10s"

[auth]
password_login = true

[users]
database = "sqlite:DATABASE"

[[upstream]]
name = "app"
servers = ["UPSTREAM"]

[[route]]
path = "/admin/*"
upstream = "app"
any_role = ["admin"]

[[route]]
path = "/strict/*"
upstream = "app"
strict = true

[[route]]
path = "/*"
upstream = "app"
"#;
