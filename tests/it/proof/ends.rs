//! How sessions end at Keycloak.

use std::time::{Duration, Instant};

use serde_json::json;

use super::sessions::Session;
use crate::keycloak::world::World;

/// Ends a session, by what its turn names; with all others of its user, where there are some. How long it took.
pub fn end(world: &World, sessions: &[&Session], turn: usize) -> Duration {
    let (began, first) = (Instant::now(), sessions[0]);
    sessions.iter().for_each(|session| session.ending.set(began).unwrap());
    let realm = world.realm();
    match (sessions.len(), turn % 2) {
        // Log-out of the user, by the Admin API.
        (2.., _) => realm.post(&format!("users/{}/logout", first.user), &json!({})),
        // One session, by the Admin API.
        (_, 0) => realm.delete(&format!("sessions/{}", first.tokens.sid)),
        // RP-initiated.
        (_, _) => {
            // Who says where to go next is sent no page, which costs more than all the rest.
            let next = "http%3A%2F%2F127.0.0.1%3A8000%2F";
            let hint = &first.tokens.id;
            let path = format!("{}?id_token_hint={hint}&post_logout_redirect_uri={next}", world.endpoint("logout"));
            let answer = world.get(&path);
            assert_eq!(answer.status, 302, "{}", answer.shown());
        }
    }
    let answered = Instant::now();
    sessions.iter().for_each(|session| session.ended.set(answered).unwrap());
    answered - began
}
