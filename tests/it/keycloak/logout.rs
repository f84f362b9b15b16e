//! The end of a session by its refresh token.

use serde_json::json;

use crate::keycloak::world::{CLIENT, World, text, verdict};

contracts! {
    a_log_out_ends_the_session_and_is_idempotent,
    a_used_token_still_ends_its_session,
    what_is_no_refresh_token_ends_nothing,
}

fn a_log_out_ends_the_session_and_is_idempotent(world: &World) {
    let (ended, other) = (world.tokens("alice"), world.tokens("alice"));
    let fields = [("refresh_token", text(&ended, "refresh_token"))];
    for _ in 0..2 {
        let answer = world.post("logout", &fields);
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.shown());
    }
    let refresh = world.refresh(text(&ended, "refresh_token"));
    assert_eq!(verdict(&refresh), (400, "invalid_grant: Session not active".to_owned()));
    assert_eq!(world.introspect(text(&ended, "access_token"), "access_token"), json!({"active": false}));
    assert_eq!(world.introspect(text(&other, "access_token"), "access_token")["active"], true);
}

fn a_used_token_still_ends_its_session(world: &World) {
    let first = world.tokens("alice");
    let second = world.refresh(text(&first, "refresh_token")).json();
    assert_eq!(world.post("logout", &[("refresh_token", text(&first, "refresh_token"))]).status, 204);
    assert_eq!(world.introspect(text(&second, "access_token"), "access_token"), json!({"active": false}));
}

fn what_is_no_refresh_token_ends_nothing(world: &World) {
    let tokens = world.tokens("alice");
    let (access, token) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    for wrong in ["garbage", access, text(&tokens, "id_token")] {
        let answer = world.post("logout", &[("refresh_token", wrong)]);
        assert_eq!(verdict(&answer), (400, "invalid_grant: Invalid refresh token".to_owned()), "{wrong}");
    }
    let other = world.form("logout", &[("client_id", "spa"), ("refresh_token", token)]);
    assert_eq!((other.status, verdict(&other).1.contains("invalid_grant")), (400, true), "{}", other.shown());
    let secret = world.form("logout", &[CLIENT[0], ("client_secret", "nope"), ("refresh_token", token)]);
    let stranger = "unauthorized_client: Invalid client or Invalid client credentials";
    assert_eq!(verdict(&secret), (401, stranger.to_owned()));
    assert_eq!(world.introspect(access, "access_token")["active"], true);
}
