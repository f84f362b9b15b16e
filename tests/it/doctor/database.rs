//! Users databases that are away, old, or silent.

use serde_json::json;
use test_services::postgres::Postgres;

use super::clinic::Clinic;
use crate::keycloak::world::text;
use crate::support::gateway::{free_address, run};
use crate::support::patience::wait_for;
use crate::support::users;

#[test]
fn a_file_that_is_missing_old_or_silent_is_told_apart() {
    let mut clinic = Clinic::open();
    let database = clinic.path("users.db");
    users::execute(&database, "drop trigger user_roles_deleted");
    let silent = clinic.examine(&[]);
    assert_eq!((silent.verdict("triggers"), silent.code), ("fail".into(), Some(1)), "{}", silent.output);
    let cure = text(&silent.only("triggers")["remedies"][0], "text").to_owned();
    assert_eq!(silent.only("triggers")["remedies"][0]["kind"], "sql");
    users::execute(&database, cure.trim_end_matches(';'));
    assert_eq!(clinic.examine(&[]).verdict("triggers"), "ok");

    clinic.replace("users.db", "other.db");
    let missing = clinic.examine(&[]);
    assert_eq!((missing.verdict("database"), missing.verdict("migrations")), ("fail".into(), "not-tried".into()));
    assert!(!clinic.path("other.db").exists(), "a doctor makes nothing");
    users::execute(&clinic.path("other.db"), "vacuum");
    let empty = clinic.examine(&[]);
    assert_eq!(
        (empty.verdict("database"), empty.verdict("migrations")),
        ("ok".into(), "fail".into()),
        "{}",
        empty.output
    );
    assert_eq!(empty.only("migrations")["remedies"], json!([{"kind": "command", "text": "doorward migrate"}]));
    assert!(run(&["migrate", "--config", clinic.path("doorward.toml").to_str().unwrap()]).status.success());
    assert_eq!(clinic.examine(&[]).verdict("migrations"), "ok");
}

#[test]
fn a_server_that_is_away_old_or_silent_is_told_apart() {
    let mut clinic = Clinic::open();
    let database = Postgres::shared().database();
    let file = format!("sqlite:{}/users.db", clinic.directory().display());
    clinic.replace(&file, &database.url());
    let empty = clinic.examine(&[]);
    assert_eq!(
        (empty.verdict("database"), empty.verdict("migrations")),
        ("ok".into(), "fail".into()),
        "{}",
        empty.output
    );
    assert!(run(&["migrate", "--config", clinic.path("doorward.toml").to_str().unwrap()]).status.success());
    let gateway = clinic.start();
    let well = clinic.examine(&[]);
    assert!(well.complaints().is_empty(), "{}", well.output);
    assert_eq!((well.verdict("nodes"), well.verdict("database-clock")), ("ok".into(), "ok".into()), "{}", well.output);
    let own = wait_for("a look of the gateway itself", || {
        let checks = gateway.operations("/readyz").json()["checks"].as_array().cloned()?;
        (!checks.is_empty()).then_some(checks)
    });
    assert!(own.iter().any(|one| one["check"] == "nodes" && one["verdict"] == "ok"), "{own:?}");
    gateway.signal("STOP");
    let paused = clinic.examine(&[]);
    gateway.signal("CONT");
    assert_eq!(paused.verdict("nodes"), "warn", "{}", paused.output);

    database.execute("alter table doorward.users disable trigger users_made");
    let silent = clinic.examine(&[]);
    assert_eq!(silent.verdict("triggers"), "fail", "{}", silent.output);
    database.execute(text(&silent.only("triggers")["remedies"][0], "text"));
    assert_eq!(clinic.examine(&[]).verdict("triggers"), "ok");

    let nobody = free_address();
    let port = database.url().split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
    clinic.replace(&format!(":{port}/"), &format!(":{}/", nobody.port()));
    let away = clinic.examine(&[]);
    assert_eq!((away.verdict("database"), away.code), ("fail".into(), Some(1)), "{}", away.output);
    for check in ["migrations", "triggers", "nodes"] {
        assert_eq!(away.verdict(check), "not-tried");
    }
}
