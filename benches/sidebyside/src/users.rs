//! The users database of a run, on either store, with whom the log calls dead.

use std::path::Path;

use bench_scene::{Folder, Outcome, Provider, fill};
use rusqlite::{Connection, params};
use test_services::postgres::{Database, Postgres};

/// Where the users are.
pub(crate) enum Users {
    /// In a file beside the configuration.
    Sqlite,
    /// In a server of this run, which ends with it.
    Postgres {
        database: Database,
        /// Runs for as long as it is held.
        _server: Postgres,
    },
}

impl Users {
    /// A database without a schema.
    pub(crate) fn start(postgres: bool) -> Self {
        if !postgres {
            return Self::Sqlite;
        }
        let server = Postgres::start();
        let database = server.database();
        Self::Postgres { database, _server: server }
    }

    /// What the configuration says of it.
    pub(crate) fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { database, .. } => Some(database.url()),
        }
    }

    /// Writes users with roles, and so many sessions that have ended.
    pub(crate) fn fill(&self, folder: &Folder, provider: &Provider, users: usize, dead: usize) -> Outcome<()> {
        match self {
            Self::Sqlite => {
                fill(&folder.database(), provider.issuer(), users)?;
                bury(&folder.database(), provider.issuer(), dead)
            }
            Self::Postgres { database, .. } => {
                let sql = POSTGRES.replace("ISSUER", provider.issuer());
                database.execute(&sql.replace("USERS", &users.to_string()).replace("DEAD", &dead.to_string()));
                Ok(())
            }
        }
    }
}

fn bury(database: &Path, issuer: &str, dead: usize) -> Outcome<()> {
    let connection = Connection::open(database)?;
    connection.execute(DEAD, params![issuer, i64::try_from(dead)?])?;
    Ok(())
}

const DEAD: &str = "
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ?2)
    insert into change (tag, issuer, kind, key) select randomblob(16), ?1, 'session', printf('dead-%d', i)
    from n where i <= ?2";

/// The same users as [`fill`] writes; without the triggers, which would write the log.
const POSTGRES: &str = "
    alter table doorward.users disable trigger all;
    alter table doorward.user_roles disable trigger all;
    insert into doorward.roles (name) values ('user'), ('editor');
    insert into doorward.permissions (name) values ('orders:read'), ('orders:write'), ('reports:read');
    insert into doorward.role_permissions (role_id, permission_id)
      select r.id, p.id from doorward.roles r, doorward.permissions p
      where r.name = 'user' and p.name in ('orders:read', 'reports:read')
         or r.name = 'editor' and p.name = 'orders:write';
    insert into doorward.users (id, issuer, keycloak_id, username, username_key, email, email_verified, state)
      select ('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'ISSUER',
        lpad(to_hex(i), 8, '0') || '-5b1f-4c5e-9a55-000000000000', 'user' || lpad(i::text, 6, '0'),
        'user' || lpad(i::text, 6, '0'), 'user' || lpad(i::text, 6, '0') || '@bench.test', true, 'active'
      from generate_series(0, USERS - 1) i;
    insert into doorward.user_roles (user_id, role_id)
      select u.id, r.id from doorward.users u, doorward.roles r where r.name in ('user', 'editor');
    insert into doorward.change (issuer, kind, key) select 'ISSUER', 'session', 'dead-' || i from generate_series(1, DEAD) i;
    alter table doorward.users enable trigger all;
    alter table doorward.user_roles enable trigger all;
    analyze;";
