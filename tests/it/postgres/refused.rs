//! A database that cannot be used is told of in a sentence that says what to do.

use std::path::Path;

use test_services::postgres::{Certificate, Database, Postgres};

use crate::support::gateway::{doorward, free_address};
use crate::support::setup::{Setup, write_secret};

/// What `doorward users list` says with that database, where it fails as it should.
fn refusal(url: &str, keys: &str, authorities: Option<&Path>) -> String {
    let (code, said) = list(url, keys, authorities);
    assert_eq!(code, Some(6), "{said}");
    said
}

fn list(url: &str, keys: &str, authorities: Option<&Path>) -> (Option<i32>, String) {
    let mut setup = Setup::with_database(url);
    setup.config.users.push_str(keys);
    let file = setup.write();
    let mut command = doorward(["users".as_ref(), "list".as_ref(), "--config".as_ref(), file.as_os_str()]);
    if let Some(file) = authorities {
        command.env("SSL_CERT_FILE", file);
    }
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn assert_says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_host_or_server_that_is_not_there() {
    let unknown = refusal("postgres://app@nowhere.invalid/app", "", None);
    assert_says(&unknown, &["the name of the host is unknown", "[users] database"]);
    let nobody = refusal(&format!("postgres://app@{}/app", free_address()), "", None);
    assert_says(&nobody, &["nobody listens there", "[users] database"]);
    let server = Postgres::shared().url().rsplit_once('/').unwrap().0.to_owned();
    let missing = refusal(&format!("{server}/no_such_database"), "", None);
    assert_says(&missing, &["no such database", "create database"]);
}

#[test]
fn a_password_that_is_wrong_or_missing() {
    let server = Postgres::start();
    server.execute("create role app login password 'right' in role by_password");
    let database = server.database();
    server.execute(&format!("alter database {} owner to app", database.name()));
    let url = database.url().replace("postgres@", "app@");
    let folder = tempfile::tempdir().unwrap();
    let with = |password: &str| {
        let file = folder.path().join(password);
        write_secret(&file, password);
        format!("password = {{ file = \"{}\" }}\n", file.display())
    };
    assert_says(&refusal(&url, "", None), &["asks for a password", "[users] password = { file"]);
    let wrong = refusal(&url, &with("wrong"), None);
    assert_says(&wrong, &["refuses the password", "[users] password"]);
    assert!(!wrong.contains("wrong;"), "{wrong}");
    assert_eq!(list(&url, &with("right"), None).0, Some(0));
}

#[test]
fn a_certificate_that_nobody_vouches_for_or_that_is_anothers() {
    let server = Postgres::start_with_tls(&Certificate {
        chain: include_str!("../../vectors/tls/localhost.pem").to_owned(),
        key: include_str!("../../vectors/tls/localhost.key").to_owned(),
    });
    let impostor = Postgres::start_with_tls(&Certificate {
        chain: include_str!("../../vectors/tls/other.pem").to_owned(),
        key: include_str!("../../vectors/tls/other.key").to_owned(),
    });
    let (database, stolen) = (server.database(), impostor.database());
    let authority = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/tls/authority.pem"));
    let tls = |database: &Database| format!("{}?sslmode=require", database.url());

    let untrusted = refusal(&tls(&database), "", None);
    assert_says(&untrusted, &["certificate of the server is not trusted", "SSL_CERT_FILE"]);
    let another = refusal(&tls(&stolen), "", Some(authority));
    assert_says(&another, &["not trusted for this name"]);
    let (code, said) = list(&tls(&database), "", Some(authority));
    assert_eq!(code, Some(0), "{said}");
    let spoken = database.connect().query_one("show ssl", &[]).unwrap();
    assert_eq!(spoken.get::<_, &str>(0), "on");

    let plain = Postgres::shared().database();
    let refused = refusal(&format!("{}?sslmode=require", plain.url()), "", None);
    assert_says(&refused, &["does not speak TLS", "sslmode=disable"]);
}

#[test]
fn a_server_that_takes_no_writes() {
    let server = Postgres::start();
    let database = server.database();
    server.execute(&format!("alter database {} set default_transaction_read_only = on", database.name()));
    assert_says(&refusal(&database.url(), "", None), &["takes no writes", "standby"]);
}
