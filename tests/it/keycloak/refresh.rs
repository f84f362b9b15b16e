//! The refresh grant.

use serde_json::json;

use crate::keycloak::world::{World, claims_of, names, text, verdict, words};

contracts! {
    a_refresh_keeps_the_session_and_changes_the_tokens,
    a_token_that_is_used_twice_ends_the_clients_part_in_the_session,
    without_rotation_a_token_works_again_and_again,
    what_is_no_refresh_token_of_ours_is_refused,
    a_disabled_person_is_refused_until_enabled_again,
}

fn refused(description: &str) -> (u16, String) {
    (400, format!("invalid_grant: {description}"))
}

fn a_refresh_keeps_the_session_and_changes_the_tokens(world: &World) {
    let first = world.tokens("alice");
    let second = world.refresh(text(&first, "refresh_token"));
    assert_eq!((second.status, second.value("Cache-Control").as_str()), (200, "no-store"));
    let second = second.json();
    assert_eq!(names(&second), names(&first));
    let claims = claims_of(text(&second, "access_token"));
    assert_eq!((&claims["sid"], &second["session_state"]), (&first["session_state"], &first["session_state"]));
    assert_eq!(text(&claims, "jti").split(':').next(), Some("onrtrt"));
    let [old, new] = [&first, &second].map(|tokens| claims_of(text(tokens, "refresh_token")));
    assert_eq!(old["reuse_id"], new["reuse_id"]);
    assert_ne!(old["jti"], new["jti"]);
    let narrowed =
        [("grant_type", "refresh_token"), ("refresh_token", text(&second, "refresh_token")), ("scope", "profile")];
    let narrowed = world.post("token", &narrowed).json();
    assert_eq!(words(text(&narrowed, "scope")), ["email", "profile"]);
    let kept = claims_of(text(&narrowed, "refresh_token"));
    assert!(words(text(&kept, "scope")).contains(&"openid"), "the refresh token keeps every scope: {kept}");
}

fn a_token_that_is_used_twice_ends_the_clients_part_in_the_session(world: &World) {
    let first = world.tokens("alice");
    let second = world.refresh(text(&first, "refresh_token")).json();
    let again = world.refresh(text(&first, "refresh_token"));
    assert_eq!(verdict(&again), refused("Maximum allowed refresh token reuse exceeded"));
    let newest = world.refresh(text(&second, "refresh_token"));
    assert_eq!(verdict(&newest), refused("Session doesn't have required client"));
    assert_eq!(world.introspect(text(&second, "access_token"), "access_token"), json!({"active": false}));
}

fn without_rotation_a_token_works_again_and_again(world: &World) {
    world.stop_rotation();
    let first = world.tokens("alice");
    for _ in 0..3 {
        let answer = world.refresh(text(&first, "refresh_token"));
        assert_eq!(answer.status, 200, "{}", answer.shown());
        let claims = claims_of(text(&answer.json(), "access_token"));
        assert_eq!(claims["sid"], first["session_state"]);
    }
}

fn what_is_no_refresh_token_of_ours_is_refused(world: &World) {
    let tokens = world.tokens("alice");
    let token = text(&tokens, "refresh_token");
    for wrong in ["garbage", text(&tokens, "access_token"), text(&tokens, "id_token"), &token[..token.len() - 8]] {
        assert_eq!(verdict(&world.refresh(wrong)), refused("Invalid refresh token"), "{wrong}");
    }
    let fields = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", token)];
    let other = world.form("token", &fields);
    assert_eq!(verdict(&other), refused("Invalid refresh token. Token client and authorized client don't match"));
    assert_eq!(world.refresh(token).status, 200, "none of them harmed the session");
}

fn a_disabled_person_is_refused_until_enabled_again(world: &World) {
    let tokens = world.tokens("bob");
    world.set_enabled("bob", false);
    assert_eq!(world.introspect(text(&tokens, "access_token"), "access_token"), json!({"active": false}));
    assert_eq!(verdict(&world.refresh(text(&tokens, "refresh_token"))), refused("User disabled"));
    world.set_enabled("bob", true);
    assert_eq!(world.introspect(text(&tokens, "access_token"), "access_token")["active"], true);
    assert_eq!(world.refresh(text(&tokens, "refresh_token")).status, 200);
}
