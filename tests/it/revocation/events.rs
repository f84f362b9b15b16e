//! What sends no logout token, and what was missed: the events of the realm tell it.

use serde_json::json;

use super::scene::{GENEROUS, Scene, Tokens, now};
use crate::keycloak::world::{header_of, text};
use crate::support::patience::{wait_for, within};

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
        scene.realm().put("", &json!({"notBefore": now() + 1}));
    });
    let alice = scene.alive("alice");
    let client = scene.realm().get("clients?clientId=doorward")[0].clone();
    let mut marked = client.clone();
    marked["notBefore"] = json!(now() + 1);
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

#[test]
fn what_keycloak_lets_live_lives_here() {
    let scene = Scene::start();
    let alice = scene.alive("alice");
    // d4: a field that Keycloak ignores.
    let path = format!("users/{}", scene.realm().id_of("alice"));
    let mut user = scene.realm().get(&path);
    user["notBefore"] = json!(now() + 60);
    scene.realm().put(&path, &user);
    // c5': she may not log in for a minute.
    let protection = json!({"bruteForceProtected": true, "permanentLockout": false, "failureFactor": 2,
                            "quickLoginCheckMilliSeconds": 0, "waitIncrementSeconds": 60});
    scene.realm().put("", &protection);
    let counted = format!("attack-detection/brute-force/{path}");
    wait_for("the lock", || {
        scene.world.login("alice", "not-alices-password");
        (scene.realm().get(&counted)["disabled"] == true).then_some(())
    });
    // What came later is heard of.
    let bob = scene.alive("bob");
    scene.ends_by_events("e1 refresh token revoked", &[&bob], || {
        assert_eq!(scene.world.post("revoke", &[("token", &bob.refresh)]).status, 200);
    });
    assert!(scene.passes(&alice), "{}", scene.front.gateway.log.text());
}

#[test]
fn what_is_taken_from_a_user_ends_tokens_within_a_poll() {
    let scene = Scene::start();
    let path = format!("users/{}", scene.realm().id_of("bob"));

    let bob = scene.alive("bob");
    let role = scene.realm().get("roles/user");
    scene.ends_by_events("c6 role taken away", &[&bob], || {
        scene.realm().delete_of(&format!("{path}/role-mappings/realm"), &json!([role]));
    });

    scene.realm().post("groups", &json!({"name": "staff"}));
    let group = format!("{path}/groups/{}", text(&scene.realm().get("groups?search=staff")[0], "id"));
    scene.realm().put(&group, &json!({}));
    let bob = scene.alive("bob");
    scene.ends_by_events("c6 group taken away", &[&bob], || scene.realm().delete(&group));

    let bob = scene.alive("bob");
    let credential = scene.realm().get(&format!("{path}/credentials"))[0].clone();
    scene.ends_by_events("c3' credential removed", &[&bob], || {
        scene.realm().delete(&format!("{path}/credentials/{}", text(&credential, "id")));
    });
    let reset = json!({"type": "password", "value": "bob-password", "temporary": false});
    scene.realm().put(&format!("{path}/reset-password"), &reset);

    let bob = scene.alive("bob");
    scene.realm().put("", &json!({"permanentLockout": true, "failureFactor": 2, "quickLoginCheckMilliSeconds": 0}));
    scene.ends_by_events("c5 locked out for good", &[&bob], || {
        wait_for("the lock", || {
            scene.world.login("bob", "not-bobs-password");
            (scene.realm().get(&path)["enabled"] == false).then_some(())
        });
    });
}

#[test]
fn a_client_that_is_disabled_ends_its_tokens_within_a_poll_unless_it_is_our_own() {
    let scene = Scene::start();
    let enable = |id: &str, enabled: bool| {
        let mut client = scene.realm().get(&format!("clients?clientId={id}"))[0].clone();
        client["enabled"] = json!(enabled);
        scene.realm().put(&format!("clients/{}", text(&client, "id")), &client);
    };
    let mapper = json!({"name": "audience", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
                        "config": {"included.client.audience": "doorward", "access.token.claim": "true"}});
    let client = json!({"clientId": "backend", "publicClient": true, "directAccessGrantsEnabled": true,
                        "protocolMappers": [mapper]});
    scene.realm().post("clients", &client);
    let fields = [("client_id", "backend"), ("grant_type", "password"), ("username", "bob"), ("scope", "openid")];
    let answer = scene.world.form("token", &[&fields[..], &[("password", "bob-password")]].concat());
    let bob = Tokens::of(&answer.json());
    let alice = scene.alive("alice");
    assert!(scene.passes(&bob));
    scene.ends_by_events("g client disabled", &[&bob], || enable("backend", false));
    assert!(scene.passes(&alice), "another client");

    // Without our own client nobody tells us anything.
    enable("doorward", false);
    let heard = || scene.front.gateway.operations("/readyz").json()["events"][0]["heard"] == true;
    wait_for("the events to be missed", || (!heard()).then_some(()));
    assert!(scene.passes(&alice), "it lives until it expires");
    assert_eq!(scene.front.status("/strict/items", &alice.access), 503, "nobody can be asked");
    enable("doorward", true);
    wait_for("the events to be read again", || heard().then_some(()));
    wait_for("what was missed", || (!scene.passes(&alice)).then_some(()));
}

#[test]
fn the_tokens_of_a_key_that_is_disabled_or_removed_die_within_a_poll() {
    let scene = Scene::start();
    let kid = |tokens: &Tokens| text(&header_of(&tokens.access), "kid").to_owned();
    let alice = scene.alive("alice");
    scene.realm().rotate_keys();
    let bob = scene.alive("bob");
    assert!(scene.passes(&alice), "its key is only not the first any more");
    scene.ends_by_events("h signing key disabled", &[&alice], || scene.realm().disable_key(&kid(&alice)));
    scene.realm().rotate_keys();
    let alice = scene.alive("alice");
    assert!(scene.passes(&bob), "another key");
    scene.ends_by_events("h signing key removed", &[&bob], || scene.realm().remove_key(&kid(&bob)));
    assert!(scene.passes(&alice), "another key");
}

#[test]
fn what_the_events_tell_again_is_no_second_revocation() {
    let scene = Scene::start();
    let alice = scene.alive("alice");
    let metric = |name: &str, labels: &[&str]| scene.front.gateway.metric(name, labels);
    let before = metric("doorward_announcements_total", &[]);
    scene.ends_at_once("a1 log-out", &[&alice], || {
        assert_eq!(scene.world.post("logout", &[("refresh_token", &alice.refresh)]).status, 204);
    });
    let polls = || metric("doorward_event_polls_total", &[]);
    let begun = polls();
    wait_for("the event to be read, and once more", || (polls() >= begun + 3.0).then_some(()));
    assert_eq!(metric("doorward_announcements_total", &[]) - before, 1.0, "{}", scene.front.gateway.log.text());
}
