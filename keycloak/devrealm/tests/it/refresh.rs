use std::time::Duration;

use serde_json::json;

use crate::world::{World, claims_of, text};

fn refused(description: &str) -> (u16, String) {
    (400, format!("invalid_grant: {description}"))
}

#[tokio::test]
async fn a_refresh_keeps_the_session_and_changes_the_tokens() {
    let world = World::start().await;
    let first = world.tokens("alice").await;
    let second = world.refresh(text(&first, "refresh_token")).await.json();
    let claims = claims_of(text(&second, "access_token"));
    assert_eq!(claims["sid"], first["session_state"]);
    assert!(text(&claims, "jti").starts_with("onrtrt:"));
    let families = [&first, &second].map(|answer| claims_of(text(answer, "refresh_token"))["reuse_id"].clone());
    assert_eq!(families[0], families[1]);
    assert!(second.get("id_token").is_some());
}

#[tokio::test]
async fn a_used_token_ends_the_clients_part_in_the_session() {
    let world = World::start().await;
    let first = world.tokens("alice").await;
    let second = world.refresh(text(&first, "refresh_token")).await.json();
    let again = world.refresh(text(&first, "refresh_token")).await;
    assert_eq!(again.verdict(), refused("Maximum allowed refresh token reuse exceeded"));
    let newest = world.refresh(text(&second, "refresh_token")).await;
    assert_eq!(newest.verdict(), refused("Session doesn't have required client"));
    assert_eq!(world.introspect(text(&second, "access_token"), "access_token").await, json!({"active": false}));
}

#[tokio::test]
async fn without_rotation_a_token_works_again_and_again() {
    let world = World::start().await;
    world.realm.set_refresh_rotation(false);
    let first = world.tokens("alice").await;
    for _ in 0..3 {
        assert_eq!(world.refresh(text(&first, "refresh_token")).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_no_refresh_token_of_ours_is_refused() {
    let world = World::start().await;
    let tokens = world.tokens("alice").await;
    assert_eq!(world.refresh("garbage").await.verdict(), refused("Invalid refresh token"));
    assert_eq!(world.refresh(text(&tokens, "access_token")).await.verdict(), refused("Invalid refresh token"));
    let fields =
        [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", text(&tokens, "refresh_token"))];
    let path = "/realms/doorward/protocol/openid-connect/token";
    let other = world.send(crate::http::Request::new("POST", path).form(&fields)).await;
    assert_eq!(other.verdict(), refused("Invalid refresh token. Token client and authorized client don't match"));
}

#[tokio::test]
async fn a_token_ends_with_its_session_and_with_its_time() {
    let world = World::start().await;
    let tokens = world.tokens("alice").await;
    let fields = [("refresh_token", text(&tokens, "refresh_token"))];
    assert_eq!(world.post("logout", &fields).await.status, 204);
    assert_eq!(world.post("logout", &fields).await.status, 204);
    assert_eq!(world.refresh(fields[0].1).await.verdict(), refused("Session not active"));
    let tokens = world.tokens("alice").await;
    world.realm.advance_clock(Duration::from_secs(1801));
    assert_eq!(world.refresh(text(&tokens, "refresh_token")).await.verdict(), refused("Token is not active"));
}

#[tokio::test]
async fn a_disabled_user_is_refused_until_enabled_again() {
    let world = World::start().await;
    let tokens = world.tokens("bob").await;
    let path = format!("users/{}", world.id_of("bob"));
    world.admin("PUT", &path, Some(json!({"enabled": false}))).await;
    assert_eq!(world.refresh(text(&tokens, "refresh_token")).await.verdict(), refused("User disabled"));
    world.admin("PUT", &path, Some(json!({"enabled": true}))).await;
    assert_eq!(world.refresh(text(&tokens, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_narrower_scope_is_shown_but_the_refresh_token_keeps_all() {
    let world = World::start().await;
    let tokens = world.tokens("alice").await;
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token")), ("scope", "profile")];
    let narrowed = world.post("token", &fields).await.json();
    assert_eq!(narrowed["scope"], "profile email");
    assert!(text(&claims_of(text(&narrowed, "refresh_token")), "scope").starts_with("openid "));
}
