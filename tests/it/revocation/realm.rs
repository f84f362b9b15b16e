//! What the development realm tells, as Keycloak does.

use serde_json::json;

use crate::support::house::{House, Session};
use crate::support::patience::wait_for;

fn listening() -> House {
    House::build(|plan| plan.keycloak.push_str("events_interval = \"200ms\"\nkeys_refresh = \"1h\"\n"))
}

fn wait_for_death(house: &House, access: &str) {
    wait_for("the token's end", || (house.status_of(access) == 401).then_some(()));
}

#[test]
fn an_older_keycloak_that_does_not_know_a_type_of_events_tells_the_others() {
    let house = listening();
    house.realm.forget_event_type("USER_SESSION_DELETED");
    let told = |line: &serde_json::Value| line["message"].as_str().unwrap_or_default().starts_with("an older Keycloak");
    assert!(house.gateway.log.wait(crate::support::patience::PATIENCE, told).is_some(), "{}", house.gateway.log.text());
    let session = house.session("alice");
    assert_eq!(house.status_of(&session.access), 200);
    let ended = house.ask_keycloak("logout", &format!("refresh_token={}", session.refresh));
    assert_eq!(ended.status, 204, "{}", ended.shown());
    wait_for_death(&house, &session.access);
    assert_eq!(house.gateway.operations("/readyz").json()["events"][0]["heard"], true);
    assert_eq!(house.gateway.metric("doorward_event_polls_total", &["outcome=\"keycloak\""]), 0.0);
    assert_eq!(house.gateway.log.text().matches("an older Keycloak").count(), 1, "told once");
}

#[test]
fn a_key_that_is_taken_out_of_use_is_known_by_its_event() {
    let house = listening();
    let session = house.session("alice");
    assert_eq!(house.status_of(&session.access), 200);
    let kid = house.realm.keys().current();
    house.realm.keys().rotate().unwrap();
    assert!(house.realm.disable_key(&kid));
    wait_for_death(&house, &session.access);
    assert_eq!(house.status_of(&house.session("alice").access), 200, "a token of the new key");
}

#[test]
fn an_order_of_the_realm_holds_before_its_answer() {
    let house = House::start();
    house.realm.set_gateway_url(&format!("http://{}", house.gateway.address)).unwrap();
    let signals = |signal: &str| {
        house.gateway.metric("doorward_signals_total", &[&*format!("signal=\"{signal}\""), "outcome=\"applied\""])
    };
    let alice = house.session("alice");
    assert_eq!(house.status_of(&alice.access), 200);
    let answer = house.admin("POST", "logout-all");
    let told = format!("http://{}/auth/keycloak/doorward", house.gateway.address);
    assert_eq!((answer.status, answer.json()), (200, json!({"successRequests": [told]})), "{}", answer.shown());
    assert_eq!((house.status_of(&alice.access), signals("k-logout")), (401, 1.0));

    // Who logged in within that very second is refused once.
    let alice = wait_for("a token that is let in", || {
        let answer = house.log_in("alice");
        let session = (answer.status == 200).then(|| Session::of(&answer))?;
        (house.status_of(&session.access) == 200).then_some(session)
    });
    let claims = crate::keycloak::world::claims_of(&alice.access);
    house.push_not_before(claims["iat"].as_i64().unwrap() + 1);
    assert_eq!((house.status_of(&alice.access), signals("k-push-not-before")), (401, 1.0));
}
