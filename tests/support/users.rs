//! The users database of the fixture: written as another program would write it.

use std::path::Path;

use rusqlite::{Connection, params};

/// A user to seed.
pub struct User<'a> {
    /// Name, and subject at the issuer.
    pub name: &'a str,
    /// `active`, `disabled` …
    pub state: &'a str,
    /// Names of roles.
    pub roles: &'a [&'a str],
}

/// The people of facts/security.md §2.1; `ghost` has a token and no row.
pub const PEOPLE: [User<'_>; 5] = [
    User { name: "alice", state: "active", roles: &["user"] },
    User { name: "bob", state: "active", roles: &["admin"] },
    User { name: "carol", state: "disabled", roles: &["user"] },
    User { name: "norole", state: "active", roles: &[] },
    User { name: "rita", state: "active", roles: &["reader", "user"] },
];

/// Writes the fixture's people and roles into a migrated database.
pub fn seed(database: &Path, issuer: &str) {
    let connection = open(database);
    let run = |statement: &str| connection.execute_batch(statement).unwrap();
    run("insert into roles (name) values ('user'), ('reader')");
    run("insert into permissions (name) values ('reports:read'), ('reports:write')");
    run("insert into role_permissions (role_id, permission_id)
         select r.id, p.id from roles r, permissions p where r.name = 'reader' and p.name = 'reports:read'");
    for user in &PEOPLE {
        add(database, issuer, user);
    }
}

/// Adds a user.
pub fn add(database: &Path, issuer: &str, user: &User<'_>) {
    let connection = open(database);
    let id = uuid::Uuid::now_v7();
    let insert = "insert into users (id, issuer, keycloak_id, username, username_key, email, email_verified, state)
                  values (?1, ?2, ?3, ?3, ?3, ?4, 1, ?5)";
    let email = format!("{}@gw.test", user.name);
    connection.execute(insert, params![id.as_bytes().to_vec(), issuer, user.name, email, user.state]).unwrap();
    for role in user.roles {
        grant(database, user.name, role);
    }
}

/// Adds an active user whom the issuer knows by another name than the database.
pub fn add_known_as(database: &Path, issuer: &str, subject: &str, user: &User<'_>) {
    add(database, issuer, user);
    let statement = "update users set keycloak_id = ?1 where username = ?2";
    assert_eq!(open(database).execute(statement, params![subject, user.name]).unwrap(), 1);
}

/// Gives a user a role.
pub fn grant(database: &Path, user: &str, role: &str) {
    let statement = "insert into user_roles (user_pk, role_id)
                     select u.pk, r.id from users u, roles r where u.username = ?1 and r.name = ?2";
    assert_eq!(open(database).execute(statement, params![user, role]).unwrap(), 1);
}

/// Runs a statement, as in the sqlite3 shell.
pub fn execute(database: &Path, statement: &str) -> usize {
    open(database).execute(statement, []).unwrap()
}

/// How many rows the change log has of one kind.
pub fn logged(database: &Path, kind: &str) -> i64 {
    let count = "select count(*) from change where kind = ?1";
    open(database).query_row(count, [kind], |row| row.get(0)).unwrap()
}

/// Holds the right to write until what it returns is dropped, as a backup or a long transaction would.
pub fn occupy(database: &Path) -> Connection {
    let connection = open(database);
    connection.execute_batch("begin immediate").unwrap();
    connection
}

/// Takes the tables away from under a running gateway.
pub fn break_down(database: &Path) {
    open(database)
        .execute_batch("pragma foreign_keys = off; alter table users rename to gone; drop table change")
        .unwrap();
}

fn open(database: &Path) -> Connection {
    let connection = Connection::open(database).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection
}
