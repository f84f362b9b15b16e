//! The fixture with its users in PostgreSQL.

use std::time::Duration;

use test_services::postgres::{Database, Postgres};

use crate::support::gateway::{Gateway, run};
use crate::support::patience::{PATIENCE, within};
use crate::support::raw::{Request, Response};
use crate::support::setup::Setup;
use crate::support::users::{PEOPLE, User};

/// A gateway with everything around it. Its database is dropped last.
pub struct World {
    pub gateway: Gateway,
    pub setup: Setup,
    pub database: Database,
}

impl World {
    /// On the server of this process.
    pub fn new() -> Self {
        Self::on(Postgres::shared(), "")
    }

    /// On a server of one's own, with further keys of `[users]`.
    pub fn on(server: &Postgres, keys: &str) -> Self {
        let database = server.database();
        let url = database.url();
        Self::at(database, &url, keys)
    }

    /// At another URL than that of the database itself.
    pub fn at(database: Database, url: &str, keys: &str) -> Self {
        let mut setup = Setup::with_database(url);
        setup.config.users.push_str(keys);
        migrate(&setup);
        seed(&database, &setup.issuer.url());
        Self { gateway: Gateway::start(&setup.write()), setup, database }
    }

    /// A second gateway on the same database.
    pub fn another(&self) -> Gateway {
        Gateway::start(&self.setup.write())
    }

    /// What a gateway says to a request of a user.
    pub fn ask(&self, gateway: &Gateway, user: &str, path: &str) -> Response {
        gateway.send(Request::get(path).bearer(&self.setup.words.token_of(user)))
    }

    /// The status of a request to the gateway.
    pub fn status(&self, user: &str, path: &str) -> u16 {
        self.ask(&self.gateway, user, path).status
    }

    /// Runs statements, as in psql.
    pub fn psql(&self, sql: &str) {
        self.database.execute(sql);
    }

    /// The status becomes what is expected, at the latest after a second.
    pub fn assert_soon(&self, gateway: &Gateway, user: &str, path: &str, expected: u16) {
        let second = Duration::from_secs(1);
        let came = within(second, || (self.ask(gateway, user, path).status == expected).then_some(()));
        assert!(came.is_some(), "{user} on {path} is not {expected} after a second:\n{}", gateway.log.text());
    }

    /// Waits until bob, an administrator, gets this status. Until then he gets 200 or 503, and never "no such role".
    pub fn await_status(&self, expected: u16) -> Response {
        let come = within(PATIENCE, || {
            let answer = self.ask(&self.gateway, "bob", "/admin/x");
            assert!([200, 503].contains(&answer.status), "{}\n{}", answer.shown(), self.gateway.log.text());
            (answer.status == expected).then_some(answer)
        });
        come.unwrap_or_else(|| panic!("bob waits for {expected} in vain:\n{}", self.gateway.log.text()))
    }

    /// Waits for 503, which says when to come again, also to somebody whom no cache knows.
    pub fn await_outage(&self) {
        let refused = self.await_status(503);
        assert!(refused.value("Retry-After").parse::<u32>().is_ok(), "{}", refused.shown());
        let stranger = self.ask(&self.gateway, "alice", "/api/x");
        assert_eq!(stranger.status, 503, "{}", stranger.shown());
        assert_eq!(self.gateway.send(Request::get("/public/x")).status, 200);
    }
}

/// `doorward migrate`.
pub fn migrate(setup: &Setup) {
    let output = run(&["migrate", "--config", setup.write().to_str().unwrap()]);
    assert!(output.status.success(), "doorward migrate: {}", String::from_utf8_lossy(&output.stderr));
}

/// Writes the fixture's people and roles.
pub fn seed(database: &Database, issuer: &str) {
    database.execute(
        "insert into doorward.roles (name) values ('user'), ('reader');
         insert into doorward.permissions (name) values ('reports:read'), ('reports:write');
         insert into doorward.role_permissions (role_id, permission_id)
         select r.id, p.id from doorward.roles r, doorward.permissions p
         where r.name = 'reader' and p.name = 'reports:read'",
    );
    for user in &PEOPLE {
        add(database, issuer, user);
    }
}

/// Adds a user.
pub fn add(database: &Database, issuer: &str, user: &User<'_>) {
    let User { name, state, .. } = user;
    database.execute(&format!(
        "insert into doorward.users (id, issuer, keycloak_id, username, username_key, email, email_verified, state)
         values ('{}', '{issuer}', '{name}', '{name}', '{name}', '{name}@gw.test', true, '{state}')",
        uuid::Uuid::now_v7()
    ));
    for role in user.roles {
        database.execute(&grant(name, role));
    }
}

/// Gives a user a role.
pub fn grant(user: &str, role: &str) -> String {
    format!(
        "insert into doorward.user_roles (user_id, role_id)
         select u.id, r.id from doorward.users u, doorward.roles r where u.username = '{user}' and r.name = '{role}'"
    )
}
