use std::time::Duration;

use devrealm::{Options, Realm};

use crate::http::Request;
use crate::world::{CLIENT, World, claims_of, header_of, text};

#[tokio::test]
async fn alice_gets_the_tokens_that_keycloak_would_sign() {
    let world = World::start().await;
    let answer = world.tokens("alice").await;
    assert_eq!(answer["expires_in"], 300);
    assert_eq!(answer["refresh_expires_in"], 1800);
    assert_eq!(answer["scope"], "openid profile email");
    let access = text(&answer, "access_token");
    let (header, claims) = (header_of(access), claims_of(access));
    assert_eq!((&header["alg"], &header["typ"]), (&"RS256".into(), &"at+jwt".into()));
    assert_eq!(header["kid"], world.realm.keys().current());
    assert_eq!(claims["aud"], serde_json::json!(["doorward", "account"]));
    assert_eq!((&claims["typ"], &claims["azp"]), (&"Bearer".into(), &"doorward".into()));
    assert_eq!(claims["iss"], world.realm.issuer());
    assert_eq!(claims["sub"], world.id_of("alice"));
    assert_eq!(claims["email"], "alice@example.test");
    assert_eq!(text(&claims, "sid").len(), 24);
    assert_eq!(answer["session_state"], claims["sid"]);
    assert!(text(&claims, "jti").starts_with("onrtro:"));
    assert!(claims["realm_access"]["roles"].as_array().unwrap().contains(&"admin".into()));
    assert!(claims.get("auth_time").is_none());
    let refresh = text(&answer, "refresh_token");
    assert_eq!((&header_of(refresh)["alg"], &claims_of(refresh)["typ"]), (&"HS512".into(), &"Refresh".into()));
    let id = claims_of(text(&answer, "id_token"));
    assert_eq!((&id["typ"], &id["aud"]), (&"ID".into(), &"doorward".into()));
}

#[tokio::test]
async fn each_refusal_has_the_words_of_keycloak() {
    let world = World::start().await;
    let wrong = (400, "invalid_grant: Invalid user credentials".to_owned());
    let unfinished = (400, "invalid_grant: Account is not fully set up".to_owned());
    for (username, password, verdict) in [
        ("alice", "nope", &wrong),
        ("alice", "", &wrong),
        ("nobody", "nobody-password", &wrong),
        ("service-account-doorward", "x", &wrong),
        ("otto", "otto-password", &wrong),
        ("dave", "nope", &wrong),
        ("dave", "dave-password", &(400, "invalid_grant: Account disabled".to_owned())),
        ("carol", "carol-password", &unfinished),
        ("erin", "erin-password", &unfinished),
        ("erin", "nope", &wrong),
    ] {
        assert_eq!(&world.login(username, password).await.verdict(), verdict, "{username} with {password}");
    }
}

#[tokio::test]
async fn a_name_counts_in_any_case_and_so_does_the_email() {
    let world = World::start().await;
    assert_eq!(world.login("ALICE", "alice-password").await.status, 200);
    assert_eq!(world.login("Alice@Example.test", "alice-password").await.status, 200);
}

#[tokio::test]
async fn otto_needs_a_code_and_each_code_works_once() {
    let world = World::start().await;
    let code = world.realm.otp("otto").unwrap();
    let login = |field: &'static str, code: String| {
        let world = &world;
        async move {
            let fields = [
                ("grant_type", "password"),
                ("username", "otto"),
                ("password", "otto-password"),
                (field, code.as_str()),
            ];
            world.post("token", &fields).await.status
        }
    };
    assert_eq!(login("otp", "000000".into()).await, 400);
    assert_eq!(login("otp", code.clone()).await, 200);
    assert_eq!(login("otp", code).await, 400);
    world.realm.advance_clock(Duration::from_secs(60));
    assert_eq!(login("totp", world.realm.otp("otto").unwrap()).await, 200);
}

#[tokio::test]
async fn wrong_requests_are_told_apart() {
    let world = World::start().await;
    let path = "/realms/doorward/protocol/openid-connect/token";
    let post = async |fields: &[(&str, &str)]| world.send(Request::new("POST", path).form(fields)).await.verdict();
    let text = "Invalid client or Invalid client credentials";
    let password = ("grant_type", "password");
    assert_eq!(post(&[]).await, (400, "invalid_request: Missing form parameter: grant_type".to_owned()));
    assert_eq!(post(&[("grant_type", "magic")]).await.1, "unsupported_grant_type: Unsupported grant_type");
    assert_eq!(post(&[password]).await, (401, format!("invalid_client: {text}")));
    let wrong = [password, ("client_id", "doorward"), ("client_secret", "nope")];
    assert_eq!(post(&wrong).await, (401, format!("unauthorized_client: {text}")));
    assert_eq!(post(&[password, CLIENT[0], CLIENT[1]]).await.1, "invalid_request: Missing parameter: username");
    assert_eq!(post(&[password, password, CLIENT[0], CLIENT[1]]).await.1, "invalid_request: duplicated parameter");
    let spa = [password, ("client_id", "spa"), ("username", "alice"), ("password", "alice-password")];
    assert_eq!(post(&spa).await, (400, "unauthorized_client: Client not allowed for direct access grants".to_owned()));
    let scope = [password, CLIENT[0], CLIENT[1], ("username", "alice"), ("password", "alice-password"), ("scope", "")];
    assert_eq!(post(&scope).await.0, 400);
    assert_eq!(world.get(path).await.status, 405);
}

#[tokio::test]
async fn the_client_may_use_http_basic() {
    let world = World::start().await;
    let request = Request::new("POST", "/realms/doorward/protocol/openid-connect/token")
        .header("Authorization", "Basic ZG9vcndhcmQ6ZG9vcndhcmQtc2VjcmV0")
        .form(&[("grant_type", "client_credentials")]);
    let answer = world.send(request).await.json();
    let claims = claims_of(text(&answer, "access_token"));
    assert_eq!(claims["aud"], serde_json::json!(["doorward", "realm-management", "account"]));
    assert_eq!(claims["preferred_username"], "service-account-doorward");
    assert_eq!(claims["client_id"], "doorward");
    assert!(text(&claims, "jti").starts_with("trrtcc:"));
    assert!(claims.get("sid").is_none() && answer.get("refresh_token").is_none());
    assert_eq!((&answer["refresh_expires_in"], &answer["scope"]), (&0.into(), &"profile email".into()));
}

#[tokio::test]
async fn secret_and_lifespan_come_from_the_options() {
    let options = Options {
        client_secret: Some("another".to_owned()),
        access_token_lifespan: Some(Duration::from_secs(7)),
        ..Options::default()
    };
    let world = World { realm: Realm::start(options).await.unwrap() };
    assert_eq!(world.login("alice", "alice-password").await.status, 401);
    let path = "/realms/doorward/protocol/openid-connect/token";
    let fields = [("grant_type", "client_credentials"), ("client_id", "doorward"), ("client_secret", "another")];
    assert_eq!(world.send(Request::new("POST", path).form(&fields)).await.json()["expires_in"], 7);
}
