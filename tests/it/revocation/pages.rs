//! What users do in a browser, at Keycloak's own pages.

use serde_json::json;

use super::browser::{Browser, refused};
use super::scene::{GENEROUS, Scene, Tokens};
use crate::keycloak::world::text;
use crate::support::patience::within;

#[test]
fn what_a_user_does_at_keycloaks_pages_ends_tokens_before_its_answer() {
    let scene = Scene::start();
    let (browser, other) = (Browser::at(&scene.world), scene.alive("alice"));

    let own = browser.tokens("alice");
    assert!(scene.passes(&own));
    let ask = browser.open(&format!("{}?client_id=doorward", scene.world.endpoint("logout")));
    assert!(scene.passes(&own), "the page only asks");
    scene.ends_at_once("a2' RP-initiated log-out, confirmed", &[&own], || {
        let code = Browser::hidden(&ask, "session_code");
        let done = browser.submit(&ask, &[("session_code", &code), ("confirmLogout", "Logout")]);
        assert_eq!(done.status, 200, "{}", done.shown());
    });
    assert!(scene.passes(&other), "another session of hers goes on");

    let own = browser.tokens("alice");
    let page = browser.open(&browser.authorization("&kc_action=UPDATE_PASSWORD"));
    scene.ends_at_once("c4 password changed, other devices signed out", &[&other], || {
        let new = [("password-new", "alice-password-2"), ("password-confirm", "alice-password-2")];
        let back = browser.submit(&page, &[&new[..], &[("logout-sessions", "on")]].concat());
        assert!(!browser.code_of(&back).is_empty());
    });
    assert!(scene.passes(&own), "this device is not signed out");
}

#[test]
fn consent_that_is_withdrawn_ends_tokens_before_keycloaks_answer() {
    let scene = Scene::start();
    let mut client = scene.realm().get("clients?clientId=doorward")[0].clone();
    client["consentRequired"] = json!(true);
    scene.realm().put(&format!("clients/{}", text(&client, "id")), &client);
    let bob = Browser::at(&scene.world).tokens("bob");
    assert!(scene.passes(&bob));
    let path = format!("users/{}/consents/doorward", scene.realm().id_of("bob"));
    scene.ends_at_once("c7 consent withdrawn", &[&bob], || scene.realm().delete(&path));
}

#[test]
fn an_account_that_its_user_deletes_ends_its_tokens_within_a_poll() {
    let scene = Scene::start();
    let mut action = scene.realm().get("authentication/required-actions/delete_account");
    action["enabled"] = json!(true);
    scene.realm().put("authentication/required-actions/delete_account", &action);
    let account = scene.realm().get("clients?clientId=account")[0].clone();
    let account = text(&account, "id");
    let role = scene.realm().get(&format!("clients/{account}/roles/delete-account"));
    let mapping = format!("users/{}/role-mappings/clients/{account}", scene.realm().id_of("alice"));
    scene.realm().post(&mapping, &json!([role]));

    let browser = Browser::at(&scene.world);
    let alice = browser.tokens("alice");
    assert!(scene.passes(&alice));
    let page = browser.open(&browser.authorization("&kc_action=delete_account"));
    scene.ends_by_events("c2 account deleted by its user", &[&alice], || drop(browser.submit(&page, &[])));
    assert!(refused(&scene.world.login("alice", "alice-password"), "invalid_grant"), "she is gone");
}

#[test]
fn who_signs_in_again_in_a_session_whose_refresh_token_was_reused_is_let_in() {
    let scene = Scene::start();
    let browser = Browser::at(&scene.world);
    let first = browser.tokens("alice");
    assert!(scene.passes(&first));
    scene.ends_by_events("e3 refresh token used twice, in a browser", &[&first], || {
        assert_eq!(scene.world.refresh(&first.refresh).status, 200);
        assert_eq!(scene.world.refresh(&first.refresh).status, 400);
    });
    // Keycloak knows the browser still. Tokens of that very second are refused.
    let let_in = within(GENEROUS, || {
        let answer = browser.exchange(&browser.code_of(&browser.open(&browser.authorization(""))));
        assert_eq!(answer.status, 200, "{}", answer.shown());
        let again = Tokens::of(&answer.json());
        assert_eq!(again.sid, first.sid, "another session would show nothing");
        scene.passes(&again).then_some(())
    });
    assert!(let_in.is_some(), "{}", scene.front.gateway.log.text());
    assert!(!scene.passes(&first));
}

#[test]
fn a_code_that_is_used_twice_ends_the_tokens_of_its_first_use_within_a_poll() {
    let scene = Scene::start();
    let browser = Browser::at(&scene.world);
    let code = browser.sign_in("alice");
    let first = browser.exchange(&code);
    assert_eq!(first.status, 200, "{}", first.shown());
    let alice = Tokens::of(&first.json());
    assert!(scene.passes(&alice));
    scene.ends_by_events("e4 code used twice", &[&alice], || {
        assert!(refused(&browser.exchange(&code), "invalid_grant"));
    });
}
