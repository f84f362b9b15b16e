//! A users database of its own on a real server, for tests.

use test_services::postgres::{Database, Postgres as Server};

use super::{Access, Address, Postgres};
use crate::store::Options;

/// A store with its database, which must outlive it.
pub(super) struct Scratch {
    pub(super) store: Postgres,
    pub(super) database: Database,
}

impl Scratch {
    pub(super) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(super) async fn with(options: Options) -> Self {
        let database = Server::shared().database();
        let address = address(&database);
        let access = Access { address: &address, password: None, authorities: None };
        Self { store: Postgres::open(access, options).await.unwrap(), database }
    }

    /// Carries out SQL as another program.
    pub(super) fn sql(&self, sql: &str) {
        self.database.execute(sql);
    }

    /// The log as `issuer kind key`.
    pub(super) async fn log(&self) -> Vec<String> {
        let client = client(&self.database.url()).await;
        let rows = client
            .query("select issuer || ' ' || kind || ' ' || key from doorward.change order by seq", &[])
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// What the log has gained by the SQL, which is one transaction.
    pub(super) async fn logged(&self, sql: &str) -> Vec<String> {
        let before = self.log().await.len();
        self.sql(sql);
        self.log().await.split_off(before)
    }
}

/// Where a test's database is.
pub(super) fn address(database: &Database) -> Address {
    let url = url::Url::parse(&database.url()).unwrap();
    Address {
        host: url.host_str().unwrap().to_owned(),
        port: url.port().unwrap(),
        user: url.username().to_owned(),
        database: database.name().to_owned(),
        tls: false,
    }
}

/// A connection of another program.
pub(super) async fn client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// An active person without roles, named and keyed by `name`.
pub(super) fn person(name: &str) -> String {
    format!(
        "insert into doorward.users (id, issuer, keycloak_id, username, username_key, email, state)
         values (gen_random_uuid(), 'https://sso', 'k-{name}', '{name}', '{name}', '{name}@example.com', 'active');"
    )
}

/// Gives a role to a user.
pub(super) fn link(user: &str, role: &str) -> String {
    format!(
        "insert into doorward.user_roles (user_id, role_id)
         select u.id, r.id from doorward.users u, doorward.roles r where u.username = '{user}' and r.name = '{role}';"
    )
}
