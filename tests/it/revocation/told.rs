//! What Keycloak tells before it answers: logout tokens and `k_*`.

use serde_json::json;

use super::scene::{Scene, Tokens, now};
use crate::keycloak::world::text;
use crate::support::raw::Request;

#[test]
fn what_is_told_by_logout_token_ends_tokens_before_keycloak_answers() {
    let scene = Scene::start();
    let other = scene.alive("alice");

    let bob = scene.alive("bob");
    scene.ends_at_once("a1 log-out by refresh token", &[&bob], || {
        assert_eq!(scene.world.post("logout", &[("refresh_token", &bob.refresh)]).status, 204);
    });
    let bob = scene.alive("bob");
    scene.ends_at_once("a2 RP-initiated log-out", &[&bob], || {
        let path = scene.world.endpoint("logout") + "?id_token_hint=" + &bob.id;
        assert!(scene.world.get(&path).status < 400);
    });
    let bob = scene.alive("bob");
    scene.ends_at_once("b1 DELETE of a session", &[&bob], || scene.realm().delete(&format!("sessions/{}", bob.sid)));
    let both = [scene.alive("bob"), scene.alive("bob")];
    scene.ends_at_once("b2 log-out of a user", &[&both[0], &both[1]], || {
        scene.realm().post(&format!("users/{}/logout", scene.realm().id_of("bob")), &json!({}));
    });
    assert!(scene.passes(&other), "nobody else is concerned");
    assert!(scene.signals("backchannel-logout", "applied") >= 5.0);
    scene.alive("bob");
}

#[test]
fn what_ends_at_the_account_api_or_offline_or_before_a_deletion_is_told_too() {
    let scene = Scene::start();
    let (own, other) = (scene.alive("bob"), scene.alive("bob"));
    let delete = |path: &str| {
        let path = format!("{}/account/sessions{path}", scene.world.path());
        let request = Request::new("DELETE", &path).bearer(&own.access).with("Accept", "application/json");
        let answer = scene.world.send(request);
        assert_eq!(answer.status, 204, "{}", answer.shown());
    };
    scene.ends_at_once("a3 session ended in the account console", &[&other], || delete(&format!("/{}", other.sid)));
    assert!(scene.passes(&own), "it was another one");
    scene.ends_at_once("a3 every session ended there", &[&own], || delete("?current=true"));

    let login = [("grant_type", "password"), ("username", "bob"), ("password", "bob-password")];
    let answer = scene.world.post("token", &[&login[..], &[("scope", "openid offline_access")]].concat());
    assert_eq!(answer.status, 200, "{}", answer.shown());
    let offline = Tokens::of(&answer.json());
    assert!(scene.passes(&offline));
    scene.ends_at_once("b1' DELETE of an offline session", &[&offline], || {
        scene.realm().delete(&format!("sessions/{}?isOffline=true", offline.sid));
    });

    let bob = scene.alive("bob");
    scene.ends_at_once("c2' log-out of a user, then deletion", &[&bob], || {
        let path = format!("users/{}", scene.realm().id_of("bob"));
        scene.realm().post(&format!("{path}/logout"), &json!({}));
        scene.realm().delete(&path);
    });
}

#[test]
fn orders_of_the_realm_end_tokens_before_keycloak_answers() {
    let scene = Scene::start();
    let (alice, bob) = (scene.alive("alice"), scene.alive("bob"));
    scene.ends_at_once("b3 logout-all", &[&alice, &bob], || scene.realm().post("logout-all", &json!({})));
    assert_eq!(scene.signals("k-logout", "applied"), 1.0);

    let alice = scene.alive("alice");
    let mark = now() + 1;
    scene.realm().put("", &json!({"notBefore": mark}));
    scene.ends_at_once("d2 push of a not-before", &[&alice], || scene.realm().post("push-revocation", &json!({})));
    assert_eq!(scene.signals("k-push-not-before", "applied"), 1.0);

    let alice = scene.alive("alice");
    let mut client = scene.realm().get("clients?clientId=doorward")[0].clone();
    let path = format!("clients/{}", text(&client, "id"));
    client["notBefore"] = json!(now() + 1);
    scene.realm().put(&path, &client);
    scene.ends_at_once("d3 push of a client's not-before", &[&alice], || {
        scene.realm().post(&format!("{path}/push-revocation"), &json!({}));
    });
    assert_eq!(scene.signals("k-push-not-before", "applied"), 2.0);
    scene.alive("alice");
}
