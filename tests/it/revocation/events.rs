//! What sends no logout token, and what was missed: the events of the realm tell it.

use serde_json::json;

use super::scene::{GENEROUS, Scene, Tokens};
use crate::keycloak::world::text;
use crate::support::patience::within;

#[test]
fn what_is_done_to_a_user_in_the_console_ends_their_tokens_within_a_poll() {
    let scene = Scene::start();
    let id = scene.realm().id_of("bob");
    let path = format!("users/{id}");
    let enable = |enabled: bool| {
        let mut user = scene.realm().get(&path);
        user["enabled"] = json!(enabled);
        scene.realm().put(&path, &user);
    };

    let bob = scene.alive("bob");
    scene.ends_by_events("c1 user disabled", &[&bob], || enable(false));
    enable(true);
    assert!(!scene.passes(&bob), "what Keycloak revives stays dead here: a refresh brings new tokens");
    // One that is issued within the very second of the event is dead too.
    let mut latest = bob.refresh;
    let let_in = within(GENEROUS, || {
        let revived = scene.world.refresh(&latest);
        assert_eq!(revived.status, 200, "{}", revived.shown());
        let fresh = Tokens::of(&revived.json());
        latest.clone_from(&fresh.refresh);
        scene.passes(&fresh).then_some(())
    });
    assert!(let_in.is_some(), "and those are let in");

    let bob = scene.alive("bob");
    let reset = json!({"type": "password", "value": "bob-password", "temporary": false});
    scene.ends_by_events("c3 password reset", &[&bob], || scene.realm().put(&format!("{path}/reset-password"), &reset));

    let bob = scene.alive("bob");
    scene.ends_by_events("c2 user deleted", &[&bob], || scene.realm().delete(&path));
}

#[test]
fn what_is_revoked_without_a_word_ends_tokens_within_a_poll() {
    let scene = Scene::start();

    let alice = scene.alive("alice");
    scene.ends_by_events("e1 refresh token revoked", &[&alice], || {
        assert_eq!(scene.world.post("revoke", &[("token", &alice.refresh)]).status, 200);
    });
    let alice = scene.alive("alice");
    scene.ends_by_events("e2 access token revoked", &[&alice], || {
        assert_eq!(scene.world.post("revoke", &[("token", &alice.access)]).status, 200);
    });
    let alice = scene.alive("alice");
    scene.ends_by_events("e3 refresh token used twice", &[&alice], || {
        assert_eq!(scene.world.refresh(&alice.refresh).status, 200);
        assert_eq!(scene.world.refresh(&alice.refresh).status, 400);
    });
    let alice = scene.alive("alice");
    scene.ends_by_events("d1 realm not-before alone", &[&alice], || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        scene.realm().put("", &json!({"notBefore": now + 1}));
    });
    let alice = scene.alive("alice");
    let client = scene.realm().get("clients?clientId=doorward")[0].clone();
    let mut marked = client.clone();
    marked["notBefore"] =
        json!(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 1);
    scene.ends_by_events("d3 client not-before", &[&alice], || {
        scene.realm().put(&format!("clients/{}", text(&client, "id")), &marked);
    });
}

#[test]
fn what_no_logout_token_reached_us_for_is_heard_of_by_the_events() {
    let scene = Scene::deaf();
    let (alice, bob) = (scene.alive("alice"), scene.alive("bob"));
    scene.ends_by_events("b1 DELETE of a session, untold", &[&alice], || {
        scene.realm().delete(&format!("sessions/{}", alice.sid));
    });
    assert!(scene.passes(&bob), "nobody else is concerned");
    scene.ends_by_events("a1 log-out, untold", &[&bob], || {
        assert_eq!(scene.world.post("logout", &[("refresh_token", &bob.refresh)]).status, 204);
    });
    let (alice, bob) = (scene.alive("alice"), scene.alive("bob"));
    scene.ends_by_events("b3 logout-all, untold", &[&alice, &bob], || scene.realm().post("logout-all", &json!({})));
    let ready = scene.front.gateway.operations("/readyz").json();
    assert_eq!(ready["events"][0]["heard"], true, "{ready}");
}
