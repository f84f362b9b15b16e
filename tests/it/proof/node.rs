//! A gateway with roads of its own to the database and to Keycloak, which can be killed and started again.

use std::collections::HashSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, RwLock};

use uuid::Uuid;

use super::upstream;
use crate::postgres::valve::Valve;
use crate::support::gateway::Gateway;
use crate::support::patience::wait_for;

/// One node.
pub struct Node {
    /// The road to the database.
    pub to_database: Valve,
    /// The road to Keycloak.
    pub to_keycloak: Valve,
    house: House,
    file: PathBuf,
    running: RwLock<Option<Gateway>>,
    /// The users whom it has let in since it was started, so that it holds their rights.
    held: Mutex<HashSet<Uuid>>,
}

/// Where everything is that a node is told of.
pub struct Around<'a> {
    pub issuer: &'a str,
    pub secret: &'a Path,
    pub database: &'a str,
}

/// Where a node lives.
#[derive(Clone)]
pub struct House {
    /// A network namespace of its own, if it has one.
    pub namespace: Option<String>,
    /// Its own address.
    pub inside: Ipv4Addr,
    /// This machine's, as it sees it.
    pub outside: Ipv4Addr,
}

impl House {
    /// With everybody else.
    pub fn shared() -> Self {
        Self { namespace: None, inside: Ipv4Addr::LOCALHOST, outside: Ipv4Addr::LOCALHOST }
    }
}

impl Node {
    /// Writes the configuration of a node of that name; it does not run yet.
    pub fn new(name: &str, house: House, around: &Around<'_>, settings: &str) -> Self {
        let [to_keycloak, to_database] =
            [around.issuer, around.database].map(|url| Valve::at(house.outside, port_of(url)));
        let through = |url: &str, valve: &Valve| {
            url.replacen(&format!("127.0.0.1:{}/", port_of(url)), &format!("{}/", valve.address), 1)
        };
        let upstream = upstream::start(house.outside);
        let text = CONFIG
            .replace("INSIDE", &house.inside.to_string())
            .replace("INTERNAL", &through(around.issuer, &to_keycloak))
            .replace("ISSUER", around.issuer)
            .replace("SECRET", around.secret.to_str().unwrap())
            .replace("DATABASE", &(through(around.database, &to_database) + "?sslmode=disable"))
            .replace("UPSTREAM", &upstream.to_string())
            .replace("SETTINGS", settings);
        let file = around.secret.with_file_name(format!("{name}.toml"));
        fs::write(&file, text).unwrap();
        Self { to_database, to_keycloak, house, file, running: RwLock::default(), held: Mutex::default() }
    }

    /// Its configuration.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Starts it, and waits until it is ready.
    pub fn start(&self) {
        self.held.lock().unwrap().clear();
        let gateway = match &self.house.namespace {
            Some(namespace) => Gateway::start_within(namespace, &self.file),
            None => Gateway::start(&self.file),
        };
        *self.running.write().unwrap() = Some(gateway);
    }

    /// Kills it.
    pub fn kill(&self) {
        drop(self.running.write().unwrap().take());
    }

    /// Where it takes requests, while it runs.
    pub fn address(&self) -> Option<SocketAddr> {
        self.running.read().unwrap().as_ref().map(|gateway| gateway.address)
    }

    /// It has let a user in.
    pub fn has_let_in(&self, user: Uuid) {
        self.held.lock().unwrap().insert(user);
    }

    /// Whether it holds the rights of a user.
    pub fn holds(&self, user: Uuid) -> bool {
        self.held.lock().unwrap().contains(&user)
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        self.running.read().unwrap().as_ref().unwrap().signal(name);
    }

    /// Whether it says that it hears of changes.
    pub fn sees(&self) -> bool {
        let running = self.running.read().unwrap();
        let gateway = running.as_ref().unwrap();
        gateway.operations("/readyz").json()["lease"]["valid"] == true
    }

    /// Waits until it hears of changes, or until it does not.
    pub fn await_sight(&self, sees: bool) {
        wait_for("the node's sight", || (self.sees() == sees).then_some(()));
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        self.running.read().unwrap().as_ref().map(|gateway| gateway.log.text()).unwrap_or_default()
    }
}

fn port_of(url: &str) -> u16 {
    url.parse::<url::Url>().unwrap().port().unwrap()
}

const CONFIG: &str = r#"
[server]
listen = "INSIDE:0"
admin_listen = "INSIDE:0"

[keycloak]
issuer = "ISSUER"
internal_url = "INTERNAL"
client_id = "doorward"
client_secret = { file = "SECRET" }
audience = "doorward"

[users]
database = "DATABASE"
SETTINGS

[[upstream]]
name = "app"
servers = ["http://UPSTREAM"]

[[route]]
path = "/*"
upstream = "app"
"#;
