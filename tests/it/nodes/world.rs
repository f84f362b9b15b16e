//! Three gateways on one PostgreSQL, and sessions that end.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use test_services::postgres::{Database, Postgres};

use crate::postgres::world::{migrate, seed};
use crate::support::gateway::Gateway;
use crate::support::keys::base64url;
use crate::support::patience::{PATIENCE, within};
use crate::support::raw::{Request, Response};
use crate::support::setup::Setup;

/// The gateways with their database, which is dropped last.
pub struct Nodes {
    pub gateways: Vec<Gateway>,
    pub sessions: Sessions,
    pub config: PathBuf,
    pub setup: Setup,
    pub database: Database,
}

/// Sessions of bob, each with a name of its own.
#[derive(Default)]
pub struct Sessions(AtomicUsize);

/// A session at the issuer.
pub struct Session {
    pub sid: String,
    pub access_token: String,
    pub refresh_token: String,
}

impl Nodes {
    /// Three on the server of this process.
    pub fn new() -> Self {
        Self::on(Postgres::shared(), "")
    }

    /// Three on a server, with further settings.
    pub fn on(server: &Postgres, settings: &str) -> Self {
        let database = server.database();
        let url = database.url();
        Self::at(database, &url, settings)
    }

    /// Three at another URL than that of the database itself.
    pub fn at(database: Database, url: &str, settings: &str) -> Self {
        let mut setup = Setup::with_database(url);
        setup.config.users.push_str(settings);
        migrate(&setup);
        seed(&database, &setup.issuer.url());
        let config = setup.write();
        let gateways = (0..3).map(|_| Gateway::start(&config)).collect();
        Self { gateways, sessions: Sessions::default(), config, setup, database }
    }

    /// A session that every node admits.
    pub fn session(&self) -> Session {
        let session = self.sessions.open(&self.setup);
        for gateway in &self.gateways {
            assert_eq!(status(gateway, &session), 200, "{}", gateway.log.text());
        }
        session
    }

    /// Every node refuses the session.
    pub fn assert_dead(&self, session: &Session) {
        for gateway in &self.gateways {
            assert_eq!(status(gateway, session), 401, "{} is alive\n{}", session.sid, gateway.log.text());
        }
    }

    /// Waits until so many nodes are members.
    pub fn await_members(&self, count: i64) {
        let mut psql = self.database.connect();
        let come = within(PATIENCE, || {
            let found: i64 = psql.query_one("select count(*) from doorward.node", &[]).unwrap().get(0);
            (found == count).then_some(())
        });
        assert!(come.is_some(), "never {count} members");
    }
}

impl Sessions {
    /// A new session.
    pub fn open(&self, setup: &Setup) -> Session {
        let sid = format!("session-{}", self.0.fetch_add(1, Ordering::SeqCst));
        let access = setup.words.token(&json!({ "claims_set": { "sub": "bob", "sid": sid } })).unwrap();
        let claims = json!({ "typ": "Refresh", "iss": setup.words.issuer, "azp": setup.words.client, "sub": "bob",
                             "sid": sid, "jti": sid });
        let refresh_token = format!("{}.{}.{}", base64url("{}"), base64url(claims.to_string()), base64url("x"));
        Session { sid, access_token: String::from_utf8(access).unwrap(), refresh_token }
    }
}

/// What a node answers to a request of the session.
pub fn status(gateway: &Gateway, session: &Session) -> u16 {
    gateway.send(Request::get("/admin/x").bearer(&session.access_token)).status
}

/// Ends the session at a node; its answer, and how long it took.
pub fn log_out(gateway: &Gateway, session: &Session) -> (Response, Duration) {
    let begun = Instant::now();
    let body = json!({ "refresh_token": session.refresh_token });
    let answer = gateway.send(Request::new("POST", "/auth/logout").json(&body));
    (answer, begun.elapsed())
}

/// As long as a lease of any node, and some room for a busy machine.
pub const GRACE: Duration = Duration::from_millis(1250);
