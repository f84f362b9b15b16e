use futures_util::future::join_all;
use serde_json::{Value, json};

use super::*;
use crate::keycloak::ClientCredentials;
use crate::keycloak::testing::{FakeKeycloak, Reply, TOKEN, USERS, http};

fn admin(keycloak: &FakeKeycloak) -> Admin {
    let client = ClientCredentials::new("doorward", "secret");
    Admin::new(Arc::new(Oidc::new(Arc::new(http()), &keycloak.issuer(), &keycloak.url(), Some(client)))).unwrap()
}

fn token(text: &str) -> Reply {
    Reply::json(200, &json!({"access_token": text, "token_type": "Bearer", "expires_in": 300}))
}

fn alice() -> Value {
    json!({"id": "f559fffe", "username": "alice", "email": "alice@example.test", "emailVerified": true,
           "firstName": "Alice", "enabled": true, "attributes": {"doorward_id": ["1"]}})
}

#[tokio::test]
async fn a_user_is_found_by_the_exact_name() {
    let keycloak = FakeKeycloak::start().await;
    keycloak.reply(TOKEN, token("t1"));
    keycloak.reply_admin(Reply::json(200, &json!([{"id": "2", "username": "alice2"}, alice()])));
    let admin = admin(&keycloak);
    let user = admin.find_user("Alice").await.unwrap().unwrap();
    assert_eq!((user.id.as_str(), user.enabled, user.email_verified), ("f559fffe", true, true));
    assert_eq!(admin.find_user("ali").await.unwrap(), None);
    assert_eq!(admin.service_account_user("doorward").await.unwrap(), None);
    let requests = keycloak.requests(USERS);
    assert!(requests[0].starts_with("GET /admin/realms/acme/users?username=Alice&exact=true&max=2 "));
    assert!(requests[2].contains("username=service-account-doorward"));
    assert!(requests[0].to_lowercase().contains("authorization: bearer t1\r\n"));
    assert_eq!(keycloak.requests(TOKEN).len(), 1);
}

#[tokio::test]
async fn all_who_wait_share_one_token() {
    let keycloak = FakeKeycloak::start().await;
    let Reply::Text(_, body) = token("t1") else { unreachable!() };
    keycloak.reply(TOKEN, Reply::Late(Duration::from_millis(50), body));
    keycloak.reply_admin(Reply::json(200, &json!([])));
    let admin = admin(&keycloak);
    let found = join_all((0..20).map(|_| admin.find_user("alice"))).await;
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(keycloak.requests(TOKEN).len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let keycloak = FakeKeycloak::start().await;
    keycloak.reply(TOKEN, token("t1"));
    keycloak.reply_admin(Reply::json(401, &json!({"error": "HTTP 401 Unauthorized"})));
    let refused = admin(&keycloak).find_user("alice").await.unwrap_err();
    assert_eq!(refused.outcome(), "refused");
    assert_eq!((keycloak.requests(TOKEN).len(), keycloak.requests(USERS).len()), (2, 2));
}

#[tokio::test]
async fn an_error_is_not_kept() {
    let keycloak = FakeKeycloak::start().await;
    keycloak.reply(TOKEN, Reply::Text(500, String::new()));
    let admin = admin(&keycloak);
    assert_eq!(admin.find_user("alice").await.unwrap_err().outcome(), "server-error");
    keycloak.reply(TOKEN, token("t1"));
    keycloak.reply_admin(Reply::Text(403, "{\"error\":\"HTTP 403 Forbidden\"}".to_owned()));
    assert_eq!(admin.find_user("alice").await.unwrap_err().outcome(), "refused");
    keycloak.reply_admin(Reply::Text(200, "{\"id\":1}".to_owned()));
    assert_eq!(admin.find_user("alice").await.unwrap_err().outcome(), "malformed");
    assert_eq!(keycloak.requests(TOKEN).len(), 2);
}

#[tokio::test]
async fn only_an_address_of_keycloak_has_an_admin_api() {
    let http = Arc::new(http());
    for (url, is_one) in [
        ("https://sso.test/realms/a", true),
        ("https://sso.test/auth/realms/a", true),
        ("https://sso.test/", false),
        ("https://sso.test/realms/", false),
        ("https://sso.test/realms/a/b", false),
    ] {
        let oidc = Oidc::new(Arc::clone(&http), url, &url.parse().unwrap(), None);
        assert_eq!(Admin::new(Arc::new(oidc)).is_some(), is_one, "{url}");
    }
}
