use serde_json::json;

use crate::http::Request;
use crate::world::{CLIENT, World, claims_of, text};

#[tokio::test]
async fn the_hint_decides_which_token_is_understood() {
    let world = World::start().await;
    let tokens = world.tokens("alice").await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let described = world.introspect(access, "access_token").await;
    assert_eq!((&described["active"], &described["username"]), (&true.into(), &"alice".into()));
    assert_eq!((&described["client_id"], &described["token_type"]), (&"doorward".into(), &"Bearer".into()));
    assert_eq!(described["sid"], tokens["session_state"]);
    assert_eq!(world.introspect(access, "refresh_token").await, json!({"active": false}));
    assert_eq!(world.introspect(refresh, "access_token").await, json!({"active": false}));
    let described = world.introspect(refresh, "refresh_token").await;
    assert_eq!((&described["typ"], &described["token_type"]), (&"Refresh".into(), &"Refresh".into()));
    assert_eq!(described["aud"], json!([world.realm.issuer(), "doorward", "account"]));
    let id = world.introspect(text(&tokens, "id_token"), "access_token").await;
    assert_eq!((&id["active"], &id["typ"]), (&true.into(), &"ID".into()));
}

#[tokio::test]
async fn callers_and_requests_are_told_apart() {
    let world = World::start().await;
    let path = "/realms/doorward/protocol/openid-connect/token/introspect";
    let post = async |fields: &[(&str, &str)]| world.send(Request::new("POST", path).form(fields)).await.verdict();
    let wrong = [("client_id", "doorward"), ("client_secret", "nope"), ("token", "x")];
    assert_eq!(post(&wrong).await, (401, "invalid_client: Client authentication failed.".to_owned()));
    let unknown = [("client_id", "nobody"), ("token", "x")];
    assert_eq!(post(&unknown).await.1, "invalid_client: Invalid client or Invalid client credentials");
    let public = [("client_id", "spa"), ("token", "x")];
    assert_eq!(post(&public).await, (403, "invalid_request: Client not allowed.".to_owned()));
    assert_eq!(post(&CLIENT).await.0, 400);
    let hint = [CLIENT[0], CLIENT[1], ("token", "x"), ("token_type_hint", "magic")];
    assert_eq!(post(&hint).await, (400, "invalid_request: Unsupported token type.".to_owned()));
    assert_eq!(world.introspect("garbage", "access_token").await, json!({"active": false}));
}

#[tokio::test]
async fn a_revoked_access_token_dies_alone_and_a_revoked_refresh_token_takes_the_session() {
    let world = World::start().await;
    let first = world.tokens("alice").await;
    assert_eq!(world.post("revoke", &[("token", text(&first, "access_token"))]).await.status, 200);
    assert_eq!(world.introspect(text(&first, "access_token"), "access_token").await["active"], false);
    let second = world.refresh(text(&first, "refresh_token")).await.json();
    assert_eq!(world.introspect(text(&second, "access_token"), "access_token").await["active"], true);
    assert_eq!(world.post("revoke", &[("token", text(&second, "refresh_token"))]).await.status, 200);
    assert_eq!(world.introspect(text(&second, "access_token"), "access_token").await["active"], false);
    let again = world.refresh(text(&second, "refresh_token")).await;
    assert_eq!(again.verdict().1, "invalid_grant: Session not active");
}

#[tokio::test]
async fn userinfo_says_what_the_scope_allows_and_why_it_says_nothing() {
    let world = World::start().await;
    let tokens = world.tokens("alice").await;
    let path = "/realms/doorward/protocol/openid-connect/userinfo";
    let ask = async |token: &str| world.send(Request::new("GET", path).bearer(token)).await;
    let access = text(&tokens, "access_token");
    let answer = ask(access).await;
    assert_eq!((answer.status, &answer.json()["email"]), (200, &"alice@example.test".into()));
    assert_eq!(answer.json()["sub"], claims_of(access)["sub"]);
    assert_eq!(ask(&world.service_token().await).await.status, 403);
    world.post("logout", &[("refresh_token", text(&tokens, "refresh_token"))]).await;
    let dead = ask(access).await;
    assert_eq!((dead.status, dead.body.len()), (401, 0));
    assert!(dead.header("WWW-Authenticate").unwrap().ends_with("error_description=\"user_session_not_found\""));
    assert_eq!(world.get(path).await.status, 401);
}
