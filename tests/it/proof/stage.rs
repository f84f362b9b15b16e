//! Everything that runs: three nodes, Keycloak, PostgreSQL, an application, and sessions that every node has let in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use test_services::keycloak::{Keycloak, Realm};
use test_services::postgres::{Database, Postgres};

use super::bell::Bell;
use super::ends::end;
use super::node::{Around, House, Node};
use super::sessions::{Session, Users};
use crate::keycloak::world::World;
use crate::support::gateway::run;
use crate::support::raw::{Connection, Request};
use crate::support::setup::write_secret;

/// The stage; what is used by others comes before it, and is dropped before it.
pub struct Stage {
    pub nodes: Vec<Node>,
    pub bell: Bell,
    pub world: World,
    pub sessions: Vec<Session>,
    /// Those that end in this scene.
    pub hot: RwLock<Vec<usize>>,
    /// How long Keycloak took to end them.
    took: Mutex<Vec<Duration>>,
    /// How many users lose their sessions in each part of a scene.
    share: usize,
    /// The first that is not in a scene yet.
    next: AtomicUsize,
    pub database: Database,
    pub postgres: Postgres,
    /// What follows it, once there was a failover.
    pub replica: Mutex<Option<Postgres>>,
    pub keycloak: Mutex<Keycloak>,
    directory: TempDir,
}

impl Stage {
    /// With enough sessions for all scenes, in their short form or the long one.
    pub fn start(is_long: bool) -> Arc<Self> {
        let (share, users) = if is_long { (12, 1300) } else { (2, 70) };
        let (keycloak, postgres, bell) = (Keycloak::start(), Postgres::start(), Bell::start());
        let users = Users::new(users);
        let world = World::of(realm(&keycloak, &users, &bell));
        let (database, directory) = (postgres.database(), tempfile::tempdir().unwrap());
        let stage = Self {
            nodes: vec![],
            bell,
            sessions: users.log_in(&world),
            world,
            hot: RwLock::default(),
            took: Mutex::default(),
            share,
            next: AtomicUsize::default(),
            database,
            postgres,
            replica: Mutex::default(),
            keycloak: Mutex::new(keycloak),
            directory,
        };
        let nodes: Vec<_> = ["first", "second", "third"].map(|name| stage.node(name, House::shared(), "")).into();
        let file = nodes[0].file().to_str().unwrap();
        let migrated = run(&["migrate", "--config", file]);
        assert!(migrated.status.success(), "doorward migrate: {}", String::from_utf8_lossy(&migrated.stderr));
        stage.database.execute(&users.sql(&stage.world.issuer));
        nodes.iter().for_each(Node::start);
        let stage = Self { nodes, ..stage };
        stage.let_all_in();
        Arc::new(stage)
    }

    /// One more node; it does not run yet.
    pub fn node(&self, name: &str, house: House, settings: &str) -> Node {
        let secret = self.directory.path().join("client-secret");
        write_secret(&secret, "doorward-secret");
        let (issuer, database) = (&self.world.issuer, &self.database.url());
        Node::new(name, house, &Around { issuer, secret: &secret, database }, settings)
    }

    /// Logout tokens go to these nodes in turn, or nowhere.
    pub fn ring(self: &Arc<Self>, nodes: &'static [usize]) {
        let (stage, turn) = (Arc::downgrade(self), AtomicUsize::new(0));
        self.bell.lead_to(move || {
            let node = *nodes.get(turn.fetch_add(1, Ordering::SeqCst) % nodes.len().max(1))?;
            stage.upgrade()?.nodes[node].address()
        });
    }

    /// Ends the sessions of some users, one after the other.
    pub fn end_some(&self) {
        self.end(self.share);
    }

    /// Ends the sessions of so many users, one after the other.
    pub fn end(&self, users: usize) {
        for turn in 0..users {
            let group = self.take_user();
            self.hot.write().unwrap().extend(&group);
            let sessions: Vec<_> = group.iter().map(|index| &self.sessions[*index]).collect();
            self.took.lock().unwrap().push(end(&self.world, &sessions, turn));
        }
    }

    /// How many have not ended.
    pub fn left(&self) -> usize {
        self.sessions.len() - self.next.load(Ordering::SeqCst)
    }

    /// How long the ends of this scene took, for people.
    pub fn ends(&self) -> String {
        let mut took = self.took.lock().unwrap().clone();
        took.sort_unstable();
        match took.last() {
            Some(longest) => {
                format!("{} ends, half within {:?}, the longest {longest:?}", took.len(), took[took.len() / 2])
            }
            None => "no ends".to_owned(),
        }
    }

    /// A new scene begins: nobody is about to end.
    pub fn clear(&self) {
        self.hot.write().unwrap().clear();
        self.took.lock().unwrap().clear();
    }

    fn take_user(&self) -> Vec<usize> {
        let first = self.next.load(Ordering::SeqCst);
        let user = self.sessions.get(first).expect("too few sessions for all the scenes").user;
        let group: Vec<_> =
            (first..self.sessions.len()).take_while(|index| self.sessions[*index].user == user).collect();
        self.next.fetch_add(group.len(), Ordering::SeqCst);
        group
    }

    /// Everybody is let in by every node, which holds their rights from then on.
    fn let_all_in(&self) {
        thread::scope(|scope| {
            for node in &self.nodes {
                scope.spawn(|| {
                    let mut connection = Connection::open(node.address().unwrap());
                    for session in &self.sessions {
                        connection.send(&Request::get("/").bearer(&session.tokens.access).bytes());
                        let answer = connection.response().unwrap();
                        assert_eq!(answer.status, 200, "{}\n{}", answer.shown(), node.log());
                        node.has_let_in(session.user);
                    }
                });
            }
        });
    }
}

/// A realm with these users, which rings that bell.
fn realm(keycloak: &Keycloak, users: &Users, bell: &Bell) -> Realm {
    keycloak.realm_with(|realm| {
        users.settle(realm);
        // The nodes call it by other addresses.
        realm["attributes"]["frontendUrl"] = json!(keycloak.url());
        let clients = realm["clients"].as_array_mut().unwrap();
        let client = clients.iter_mut().find(|client| client["clientId"] == "doorward").unwrap();
        client["attributes"]["backchannel.logout.url"] =
            json!(format!("http://{}/auth/backchannel-logout", bell.address));
    })
}
