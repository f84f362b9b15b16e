//! What Keycloak tells before it answers: logout tokens and `k_*`.

use serde_json::json;

use super::scene::Scene;

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
    scene.alive("alice");
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}
