//! For how long they may stay.

use std::time::Duration;

use serde_json::json;

use super::world::{SOON, World};
use crate::support::raw::Request;
use crate::support::setup::ROUTES;
use crate::support::websocket::upgrade;

#[test]
fn rights_that_are_taken_away_end_what_they_let_in() {
    let world = World::new();
    let mut admin = world.open(Request::get("/admin/events").bearer(&world.token("bob", "s1")));
    let mut any = world.open(Request::get("/api/events").bearer(&world.token("bob", "s1")));
    world.execute("update users set first_name = 'Bobby' where username = 'bob'");
    world.execute(
        "insert into user_roles (user_pk, role_id) select u.pk, r.id from users u, roles r
                   where u.username = 'bob' and r.name = 'user'",
    );
    assert!(!admin.is_closed_within(Duration::from_millis(200)), "a change of other rights");
    world.execute("delete from user_roles where role_id = (select id from roles where name = 'admin')");
    assert!(admin.is_closed_within(SOON));
    assert!(!any.is_closed_within(Duration::from_millis(200)), "this needed no role");
    assert_eq!(world.line_of("/admin/events")["reason"], "role-required");
    world.execute("update users set state = 'disabled' where username = 'bob'");
    assert!(any.is_closed_within(SOON));
}

#[test]
fn a_permission_that_is_taken_from_a_role_ends_them_too() {
    let world = World::new();
    let mut report = world.open(Request::get("/reports/events").bearer(&world.token("rita", "s1")));
    world.execute("delete from role_permissions where role_id = (select id from roles where name = 'reader')");
    assert!(report.is_closed_within(SOON));
}

#[test]
fn a_token_that_is_over_ends_them_unless_the_route_lets_them_go_on() {
    let routes = format!("{ROUTES}\n[[route]]\npath = \"/long/*\"\nupstream = \"app\"\noutlive_token = true\n");
    let world = World::with(|setup| setup.config.routes = routes);
    // With the leeway of 5 s and the grace of 10 s it is over in some seconds.
    let token = world.running.token(&json!({ "claims_set": { "sub": "alice", "exp": "@now-3", "iat": "@now-60" } }));
    let open = |path: &str| world.open(Request::get(path).bearer(&token));
    let (mut events, mut long) = (open("/api/events"), open("/long/events"));
    let mut socket = world.open(upgrade("/ws/feed").bearer(&token));
    assert_eq!(socket.read(4).unwrap(), b"\x88\x02\x03\xf0", "a close frame of 1008");
    assert!(events.is_closed_within(Duration::from_secs(20)));
    assert_eq!(world.line_of("/api/events")["reason"], "expired");
    assert!(!long.is_closed_within(Duration::from_secs(1)));
}

#[test]
fn a_route_says_how_long_after_its_token_and_with_which_code_a_websocket_ends() {
    let at_once = "[[route]]\npath = \"/ws/now/*\"\nupstream = \"app\"\nwebsocket = true\nexpiry_grace = \"0s\"\n\
                   websocket_close = 4401\n";
    let world = World::with(|setup| setup.config.routes.push_str(&format!("\n{at_once}")));
    let mut ended = world.open(upgrade("/ws/now/ended").bearer(&world.token("bob", "s2")));
    world.end_session("s2");
    assert_eq!(ended.read(4).unwrap(), b"\x88\x02\x11\x31", "a close frame of 4401");
    world.wait_for_streams(0.0);
    // With the leeway of 5 s it is over in some seconds, and 10 s later elsewhere.
    let token = world.running.token(&json!({ "claims_set": { "sub": "alice", "exp": "@now+5", "iat": "@now-60" } }));
    let mut now = world.open(upgrade("/ws/now/feed").bearer(&token));
    let mut later = world.open(upgrade("/ws/feed").bearer(&token));
    assert_eq!(now.read(4).unwrap(), b"\x88\x02\x11\x31", "a close frame of 4401");
    assert!(now.is_closed_within(SOON));
    assert_eq!(world.line_of("/ws/now/feed")["reason"], "expired");
    assert!(!later.is_closed_within(Duration::from_secs(1)), "its route lets it stay");
}

#[test]
fn whoever_goes_leaves_nothing_behind() {
    let world = World::new();
    for _ in 0..3 {
        drop(world.open(Request::get("/api/events").bearer(&world.token("alice", "s1"))));
        world.wait_for_streams(0.0);
    }
    assert_eq!(world.line_of("/api/events")["reason"], "client-closed");
}

#[test]
fn what_anybody_may_see_is_no_stream() {
    let world = World::new();
    let mut connection = crate::support::raw::Connection::open(world.running.gateway.address);
    connection.send(&Request::get("/public/events").bytes());
    connection.head().unwrap();
    world.end_session("s1");
    assert!(!connection.is_closed_within(Duration::from_millis(300)));
    assert!(world.streams() < 0.1);
}
