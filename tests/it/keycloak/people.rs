//! People of a real Keycloak behind a gateway.

use serde_json::json;

use crate::keycloak::front::{ADDRESS, Front};
use crate::keycloak::world::{World, text};
use crate::support::patience::wait_for;
use crate::support::raw::Request;

fn reason(answer: &crate::support::raw::Response) -> String {
    let kind = answer.json()["type"].as_str().unwrap_or_default().to_owned();
    kind.rsplit('/').next().unwrap_or_default().to_owned()
}

#[test]
fn who_logs_in_is_known_to_the_application() {
    let world = World::real();
    let front = Front::of(&world);
    let answer = front.tokens("alice");
    let token = text(&answer, "access_token");
    let before = front.upstream.count();
    assert_eq!(front.status("/admin/reports", token), 200);
    let seen = front.upstream.only(before);
    for (name, value) in [
        ("X-Auth-Subject", world.id_of("alice").as_str()),
        ("X-Auth-Username", "alice"),
        ("X-Auth-Email", "alice@example.test"),
        ("X-Auth-Roles", "admin"),
    ] {
        assert_eq!(seen.value(name), value, "{name}");
    }
    assert!(seen.value("X-Auth-Permissions").contains("users:write"));
    assert!(seen.values("Authorization").is_empty());

    // Keycloak wrote down where she came from.
    let events = world.realm().get("events?type=LOGIN&max=1");
    assert_eq!(events[0]["ipAddress"], ADDRESS, "{events}");
    assert_eq!(events[0]["userId"], world.id_of("alice"));
}

#[test]
fn a_wrong_password_counts_against_the_address_of_who_typed_it() {
    let world = World::real();
    let front = Front::of(&world);
    let bob = world.id_of("bob");
    // What a client claims in front of what the trusted proxy saw is not told to Keycloak.
    let claims = Request::new("POST", "/auth/login").with("X-Forwarded-For", &format!("198.51.100.9, {ADDRESS}"));
    let answer = front.gateway.send(claims.json(&json!({"username": "bob", "password": "wrong"})));
    assert_eq!((answer.status, reason(&answer).as_str()), (401, "invalid-credentials"), "{}", answer.shown());

    let events = world.realm().get("events?type=LOGIN_ERROR&max=1");
    let event = &events[0];
    assert_eq!((&event["ipAddress"], &event["userId"]), (&ADDRESS.into(), &bob.as_str().into()), "{event}");
    // The guard counts a moment later.
    let guard = wait_for("the guard against guessing", || {
        let guard = world.realm().get(&format!("attack-detection/brute-force/users/{bob}"));
        (guard["numFailures"] != 0).then_some(guard)
    });
    assert_eq!((&guard["numFailures"], &guard["lastIPFailure"]), (&1.into(), &ADDRESS.into()), "{guard}");
}

#[test]
fn a_token_that_keycloak_gave_to_somebody_else_is_good_too_and_nothing_but_an_access_token_is() {
    let world = World::real();
    let front = Front::of(&world);
    let tokens = world.tokens("bob");
    let access = text(&tokens, "access_token");
    assert_eq!(front.status("/anything", access), 200);
    assert_eq!(front.status("/admin/reports", access), 403);
    let mut forged = access.to_owned();
    forged.replace_range(access.len() - 20..access.len() - 16, "AAAA");
    for wrong in [text(&tokens, "id_token"), text(&tokens, "refresh_token"), &forged] {
        let answer = front.ask("/anything", wrong);
        assert_eq!((answer.status, reason(&answer).as_str()), (401, "invalid-token"), "{}", answer.shown());
    }
    let frank = world.tokens("frank");
    let answer = front.ask("/anything", text(&frank, "access_token"));
    assert_eq!((answer.status, reason(&answer).as_str()), (403, "unknown-user"));
}

#[test]
fn who_cannot_log_in_is_told_why_only_after_the_password() {
    let world = World::real();
    let front = Front::of(&world);
    let sessions = || world.realm().get(&format!("users/{}/sessions", world.id_of("frank")));
    let before = sessions();
    for (username, password, status, kind) in [
        ("alice", "nope", 401, "invalid-credentials"),
        ("nobody", "nobody-password", 401, "invalid-credentials"),
        ("carol", "carol-password", 403, "email-not-verified"),
        ("erin", "erin-password", 403, "account-not-set-up"),
        ("frank", "frank-password", 403, "unknown-user"),
        ("otto", "otto-password", 401, "invalid-credentials"),
    ] {
        let answer = front.login(username, password);
        assert_eq!((answer.status, reason(&answer).as_str()), (status, kind), "{username}: {}", answer.shown());
    }
    let dave = front.login("dave", "dave-password");
    assert!([401, 403].contains(&dave.status), "{}", dave.shown());
    // Frank was turned away here: the session that Keycloak had opened for him was ended again.
    assert_eq!(sessions(), before);
}
