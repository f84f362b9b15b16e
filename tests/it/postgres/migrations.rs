//! Two nodes may bring a database up to date at once.

use std::thread;

use test_services::postgres::Postgres;

use crate::support::gateway::{Gateway, run};
use crate::support::setup::Setup;

/// How many there are.
const MIGRATIONS: i64 = 4;

#[test]
fn two_nodes_that_start_on_an_empty_database_both_serve() {
    let database = Postgres::shared().database();
    let setup = Setup::with_database(&database.url());
    let file = setup.write();
    let nodes: Vec<_> = thread::scope(|scope| {
        let start = || Gateway::try_start(&file).unwrap_or_else(|log| panic!("{}", log.text()));
        let starting: Vec<_> = (0..2).map(|_| scope.spawn(start)).collect();
        starting.into_iter().map(|node| node.join().unwrap()).collect()
    });
    for node in &nodes {
        assert_eq!(node.operations_status("/livez"), Some(200));
    }
    let applied = database.connect().query_one("select count(*) from doorward.migration", &[]).unwrap();
    assert_eq!(applied.get::<_, i64>(0), MIGRATIONS);
}

#[test]
fn commands_that_migrate_at_once_apply_each_step_once() {
    let database = Postgres::shared().database();
    let setup = Setup::with_database(&database.url());
    let file = setup.write();
    let applied: Vec<String> = thread::scope(|scope| {
        let migrate = || run(&["migrate", "--json", "--config", file.to_str().unwrap()]);
        let migrating: Vec<_> = (0..4).map(|_| scope.spawn(migrate)).collect();
        let outputs = migrating.into_iter().map(|command| command.join().unwrap());
        outputs.map(|output| String::from_utf8(output.stdout).unwrap().trim().to_owned()).collect()
    });
    let all = format!(r#"{{"applied":{MIGRATIONS}}}"#);
    assert_eq!(applied.iter().filter(|said| **said == all).count(), 1, "{applied:?}");
    assert_eq!(applied.iter().filter(|said| *said == r#"{"applied":0}"#).count(), 3, "{applied:?}");
}

#[test]
fn a_database_of_a_newer_version_or_of_another_program_is_refused() {
    let database = Postgres::shared().database();
    let setup = Setup::with_database(&database.url());
    let file = setup.write();
    let migrate = || run(&["migrate", "--config", file.to_str().unwrap()]);
    database.execute("create schema doorward; create table doorward.theirs (x int)");
    let foreign = migrate();
    assert_eq!(foreign.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&foreign.stderr).contains("another program"), "{foreign:?}");
    database.execute("drop schema doorward cascade");
    assert!(migrate().status.success());
    database.execute("insert into doorward.migration (number, name, checksum) values (999, 'future', 'x')");
    let newer = migrate();
    assert_eq!(newer.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&newer.stderr).contains("999 (future)"), "{newer:?}");
}

#[test]
fn a_user_without_rights_to_create_may_use_what_an_owner_has_migrated() {
    let database = Postgres::shared().database();
    let owner = Setup::with_database(&database.url());
    let clerk = format!("clerk_{}", database.name());
    database.execute(&format!("create role {clerk} login; revoke create on schema public from public"));
    let limited = Setup::with_database(&database.url().replace("postgres@", &format!("{clerk}@")));
    let migrate = |setup: &Setup| run(&["migrate", "--config", setup.write().to_str().unwrap()]);
    let refused = migrate(&limited);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("make it the owner of the database"), "{said}");
    assert_eq!(refused.status.code(), Some(6));

    assert!(migrate(&owner).status.success());
    database.execute(&crate::postgres::PRIVILEGES.replace("gateway", &clerk));
    assert!(migrate(&limited).status.success());
    drop(Gateway::start(&limited.write()));
    let made = run(&["permissions", "create", "a:b", "--config", limited.write().to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    database.execute(&format!("drop owned by {clerk}; drop role {clerk}"));
}
