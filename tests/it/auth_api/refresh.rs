use serde_json::json;

use super::{assert_logged, assert_refused};
use crate::support::house::{House, Session};
use crate::support::raw::Request;

const PATH: &str = "/auth/token/refresh";

fn without_replay() -> House {
    House::build(|plan| plan.auth.push_str("refresh_replay = \"0s\"\n"))
}

#[test]
fn a_session_goes_on_with_new_tokens() {
    let house = House::start();
    let mut session = house.session("alice");
    for _ in 0..3 {
        let answer = house.refresh(&session.refresh);
        assert_eq!(answer.value("cache-control"), "no-store");
        let next = Session::of(&answer);
        assert_ne!((&next.access, &next.refresh), (&session.access, &session.refresh));
        assert_eq!(house.status_of(&next.access), 200);
        session = next;
    }
    assert_eq!(house.status_of(&session.access), 200);
}

#[test]
fn the_same_token_again_gets_the_same_answer_and_the_session_lives() {
    let house = House::start();
    let session = house.session("alice");
    let first = house.refresh(&session.refresh);
    let again = house.refresh(&session.refresh);
    assert_eq!(Session::of(&first).refresh, Session::of(&again).refresh);
    assert_eq!(house.grants("refresh_token"), 1);
    assert_eq!(house.refresh(&Session::of(&first).refresh).status, 200);
}

#[test]
fn without_replay_a_second_use_ends_the_session_here_too() {
    let house = without_replay();
    let session = house.session("alice");
    let next = Session::of(&house.refresh(&session.refresh));
    assert_eq!(house.status_of(&next.access), 200);
    assert_refused(&house.refresh(&session.refresh), 401, "invalid-refresh-token");
    assert_logged(&house, PATH, "refresh-token-reused");
    // Keycloak tells nobody that it ended the session.
    assert_eq!((house.status_of(&next.access), house.status_of(&session.access)), (401, 401));
    assert_refused(&house.refresh(&next.refresh), 401, "invalid-refresh-token");
    assert_logged(&house, PATH, "session-over");
}

#[test]
fn an_answer_is_not_given_again_once_the_session_is_dead() {
    let house = House::start();
    let session = house.session("alice");
    let next = Session::of(&house.refresh(&session.refresh));
    assert_eq!(house.log_out(&next.refresh).status, 204);
    assert_refused(&house.refresh(&session.refresh), 401, "invalid-refresh-token");
    assert_logged(&house, PATH, "session-ended");
}

#[test]
fn the_user_must_still_be_known_and_active() {
    let house = House::start();
    let session = house.session("bob");
    house.set_state("bob", "disabled", &session.access, 403);
    assert_refused(&house.refresh(&session.refresh), 403, "user-disabled");
    let sessions = house.admin("GET", &format!("users/{}/sessions", house.id_of("bob")));
    assert_eq!(sessions.json(), json!([]), "nobody can use it any more");
    house.set_state("bob", "active", &session.access, 401);
}

#[test]
fn tokens_of_another_kind_issuer_or_client_are_refused_without_a_call() {
    let house = House::start();
    let other = House::start();
    let session = house.session("alice");
    for (token, reason) in [
        (session.access.clone(), "no-refresh-token"),
        ("garbage".to_owned(), "no-refresh-token"),
        (other.session("alice").refresh, "refresh-token-issuer"),
        (of_client(&session.refresh, "spa"), "refresh-token-client"),
    ] {
        assert_refused(&house.refresh(&token), 401, "invalid-refresh-token");
        assert_logged(&house, PATH, reason);
    }
    assert_eq!(house.grants("refresh_token"), 0);
    let forged = format!("{}x", &session.refresh[..session.refresh.len() - 1]);
    assert_refused(&house.refresh(&forged), 401, "invalid-refresh-token");
    assert_logged(&house, PATH, "refresh-token-refused");
    assert_eq!(house.status_of(&session.access), 200, "a forged token ends nothing");
}

#[test]
fn a_session_that_ended_at_keycloak_gives_no_tokens_and_dies_here() {
    let house = House::start();
    let session = house.session("alice");
    // No logout token is sent here: the endpoint for it comes with another issue.
    house.realm.set_client_attribute("doorward", "backchannel.logout.url", None);
    let ended = house.ask_keycloak("logout", &format!("refresh_token={}", session.refresh));
    assert_eq!(ended.status, 204);
    assert_refused(&house.refresh(&session.refresh), 401, "invalid-refresh-token");
    assert_logged(&house, PATH, "session-over");
    assert_eq!(house.status_of(&session.access), 401);
}

#[test]
fn no_token_is_in_the_log() {
    let house = House::start();
    let session = house.session("alice");
    let next = Session::of(&house.refresh(&session.refresh));
    house.refresh("garbage-that-is-secret");
    house.gateway.send(Request::new("POST", PATH).with("Content-Type", "application/json").body("{\"refresh_token\""));
    house.log_out(&next.refresh);
    assert_logged(&house, "/auth/logout", "");
    let log = house.gateway.log.text();
    for secret in [&session.access, &session.refresh, &next.access, &next.refresh] {
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!log.contains(signature), "{log}");
    }
    assert!(!log.contains("garbage-that-is-secret") && !log.contains("alice-password"));
}

/// The token as if it had been issued to another client; its signature does not fit any more.
fn of_client(token: &str, client: &str) -> String {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut claims: serde_json::Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
    claims["azp"] = json!(client);
    parts[1] = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    parts.join(".")
}
