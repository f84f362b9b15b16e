//! A change in psql holds at once, on every node.

use std::time::{Duration, Instant};

use super::world::{World, add, grant};
use crate::support::users::User;

#[test]
fn a_request_carries_who_the_database_says() {
    let world = World::new();
    let answer = world.ask(&world.gateway, "rita", "/reports/1");
    assert_eq!(answer.status, 200, "{}", answer.shown());
    let seen = world.setup.upstream.only(0);
    assert_eq!(seen.value("X-Auth-Roles"), "reader,user");
    assert_eq!(seen.value("X-Auth-Permissions"), "reports:read");
    assert_eq!(world.status("norole", "/admin/x"), 403);
    assert_eq!(world.status("carol", "/api/x"), 403);
    assert_eq!(world.status("ghost", "/api/x"), 403);
    assert!(
        world.gateway.metric("doorward_database_duration_seconds_count", &["operation=\"enrich\"", "\"ok\""]) >= 4.0
    );
    assert!(world.gateway.metric("doorward_database_duration_seconds_count", &["operation=\"poll\""]) >= 1.0);
}

#[test]
fn a_change_in_psql_holds_on_two_gateways() {
    let world = World::new();
    let other = world.another();
    let both = |user: &str, path: &str, expected: u16| {
        for gateway in [&world.gateway, &other] {
            world.assert_soon(gateway, user, path, expected);
        }
    };
    both("alice", "/admin/x", 403);
    world.psql(&grant("alice", "admin"));
    both("alice", "/admin/x", 200);
    world.psql(
        "delete from doorward.user_roles where user_id = (select id from doorward.users where username = 'alice')",
    );
    both("alice", "/admin/x", 403);
    world.psql("update doorward.users set state = 'disabled' where username = 'bob'");
    both("bob", "/api/x", 403);
    world.psql("update doorward.users set state = 'active' where username = 'bob'");
    both("bob", "/admin/x", 200);
    world.psql(
        "insert into doorward.role_permissions (role_id, permission_id)
         select r.id, p.id from doorward.roles r, doorward.permissions p
         where r.name = 'admin' and p.name = 'reports:read' or r.name = 'user' and p.name = 'reports:write'",
    );
    both("rita", "/reports/1", 200);
    add(&world.database, &world.setup.issuer.url(), &User { name: "ghost", state: "active", roles: &["user"] });
    both("ghost", "/api/x", 200);
}

#[test]
fn a_change_in_psql_holds_within_milliseconds_because_it_is_notified() {
    let world = World::new();
    let mut psql = world.database.connect();
    let mut fastest = Duration::MAX;
    for turn in 0..20 {
        let (state, expected) = if turn % 2 == 0 { ("disabled", 403) } else { ("active", 200) };
        psql.batch_execute(&format!("update doorward.users set state = '{state}' where username = 'bob'")).unwrap();
        let committed = Instant::now();
        world.assert_soon(&world.gateway, "bob", "/api/x", expected);
        fastest = fastest.min(committed.elapsed());
    }
    // A poll alone comes every 200 ms; of twenty, not one would come so soon by chance.
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
}

#[test]
fn ten_thousand_users_at_once_are_out_at_once() {
    let world = World::new();
    assert_eq!(world.status("bob", "/admin/x"), 200);
    world.psql(
        "insert into doorward.users (id, issuer, keycloak_id, username, username_key, state)
         select gen_random_uuid(), 'https://other', 'k' || i, 'u' || i, 'u' || i, 'active' from generate_series(1, 10000) i",
    );
    world.psql("update doorward.users set state = 'disabled'");
    world.assert_soon(&world.gateway, "bob", "/admin/x", 403);
}
