//! Rows that break a rule lock out those whom they concern, and nobody else.

use super::world::{World, grant};
use crate::support::log::field;
use crate::support::patience::PATIENCE;

/// The reason in the problem, and in the line of the log.
fn assert_refused(world: &World, user: &str, kind: &str, reason: &str) {
    let answer = world.ask(&world.gateway, user, "/api/x");
    assert_eq!(answer.status, 503, "{}", answer.shown());
    assert!(answer.json()["type"].as_str().unwrap().ends_with(kind), "{}", answer.shown());
    assert!(answer.value("Retry-After").parse::<u32>().is_ok());
    let line = world.gateway.log.wait(PATIENCE, |line| field(line, "reason") == Some(reason));
    assert!(line.is_some(), "{}", world.gateway.log.text());
}

#[test]
fn the_database_refuses_what_breaks_a_rule() {
    let world = World::new();
    for (sql, rule) in [
        ("insert into doorward.roles (name) values ('a,b')", "roles_name_check"),
        ("insert into doorward.permissions (name) values ('a')", "permissions_name_check"),
        ("update doorward.users set kind = 'robot'", "users_kind_check"),
        ("update doorward.users set state = 'deleted'", "users_check"),
        ("update doorward.users set keycloak_id = null", "users_check"),
        ("update doorward.users set username = 'alice'", "users_username_key"),
        ("delete from doorward.roles where name = 'user'", "foreign key"),
        ("delete from doorward.users where username = 'alice'", "foreign key"),
    ] {
        let refusal = world.database.refusal(sql);
        assert!(refusal.contains(rule), "{sql}: {refusal}");
    }
}

#[test]
fn a_user_of_an_unknown_kind_is_refused_alone() {
    let world = World::new();
    world.psql(
        "alter table doorward.users drop constraint users_kind_check;
         update doorward.users set kind = 'robot' where username = 'alice'",
    );
    world.assert_soon(&world.gateway, "alice", "/api/x", 503);
    assert_refused(&world, "alice", "row-invalid", "row-invalid");
    assert_eq!(world.status("bob", "/admin/x"), 200);
}

#[test]
fn a_role_with_a_comma_locks_out_its_holders_alone() {
    let world = World::new();
    world.psql(
        "alter table doorward.roles drop constraint roles_name_check;
         insert into doorward.roles (name) values ('user,admin')",
    );
    assert_eq!(world.status("alice", "/admin/x"), 403);
    world.psql(&grant("alice", "user,admin"));
    world.assert_soon(&world.gateway, "alice", "/api/x", 503);
    assert_refused(&world, "alice", "database-unavailable", "unknown-role");
    assert_eq!(world.status("bob", "/admin/x"), 200);
    world.psql(
        "delete from doorward.user_roles where role_id = (select id from doorward.roles where name = 'user,admin')",
    );
    world.assert_soon(&world.gateway, "alice", "/api/x", 200);
}
