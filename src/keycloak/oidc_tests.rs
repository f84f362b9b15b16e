use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::*;
use crate::keycloak::testing::{FakeKeycloak, INTROSPECT, LOGOUT, Reply, TOKEN, http};
use crate::keycloak::{LoginRefusal, RefreshTokenRefusal};

fn oidc(keycloak: &FakeKeycloak) -> Oidc {
    let client = ClientCredentials::new("doorward", "s3cret & more");
    Oidc::new(Arc::new(http()), &keycloak.issuer(), &keycloak.url(), Some(client))
}

fn login<'a>() -> PasswordLogin<'a> {
    PasswordLogin {
        username: "alice",
        password: "alice-password",
        otp: Some("123456"),
        address: Some([192, 0, 2, 7].into()),
    }
}

fn granted() -> Reply {
    Reply::json(
        200,
        &json!({"access_token": "a.b.c", "refresh_token": "r.r.r", "token_type": "Bearer", "expires_in": 300,
                "refresh_expires_in": 1800, "scope": "openid profile", "not-before-policy": 0}),
    )
}

#[tokio::test]
async fn a_log_in_sends_what_keycloak_needs_and_gives_tokens() {
    let keycloak = FakeKeycloak::start().await;
    keycloak.reply(TOKEN, granted());
    let tokens = oidc(&keycloak).login(login()).await.unwrap();
    assert_eq!((tokens.access_token(), tokens.refresh_token()), ("a.b.c", Some("r.r.r")));
    assert_eq!(tokens.expires_in(), Duration::from_secs(300));
    let request = keycloak.requests(TOKEN).remove(0);
    for part in ["grant_type=password", "username=alice", "otp=123456", "client_secret=s3cret+%26+more"] {
        assert!(request.contains(part), "{part}");
    }
    assert!(request.to_lowercase().contains("x-forwarded-for: 192.0.2.7\r\n"));
}

#[tokio::test]
async fn a_refused_log_in_says_why() {
    let keycloak = FakeKeycloak::start().await;
    for (description, expected) in [
        ("Invalid user credentials", LoginRefusal::InvalidCredentials),
        ("Account disabled", LoginRefusal::AccountDisabled),
        ("Account is not fully set up", LoginRefusal::NotSetUp),
        ("something new", LoginRefusal::InvalidCredentials),
    ] {
        keycloak.reply(TOKEN, Reply::json(400, &json!({"error": "invalid_grant", "error_description": description})));
        let refused = oidc(&keycloak).login(login()).await.unwrap_err();
        assert!(matches!(refused, LoginError::Refused(refusal) if refusal == expected), "{description}");
    }
    assert_eq!(keycloak.requests(TOKEN).len(), 4, "never tried twice");
}

#[tokio::test]
async fn what_says_nothing_of_the_credentials_is_no_refusal_of_them() {
    let keycloak = FakeKeycloak::start().await;
    for (reply, outcome) in [
        (Reply::json(400, &json!({"error": "unauthorized_client"})), "refused"),
        (Reply::json(401, &json!({"error": "invalid_client", "error_description": "Invalid client"})), "refused"),
        (Reply::json(400, &json!({"error": "invalid_scope"})), "refused"),
        (Reply::json(401, &json!("no object")), "malformed"),
        (Reply::Text(401, "<html>".to_owned()), "malformed"),
        (Reply::Text(200, "<html>".to_owned()), "malformed"),
        (Reply::json(200, &json!({"access_token": 7})), "malformed"),
        (Reply::json(200, &json!({"access_token": "a", "token_type": "DPoP", "expires_in": 1})), "malformed"),
        (Reply::json(200, &json!({"access_token": "", "token_type": "Bearer", "expires_in": 1})), "malformed"),
        (Reply::Redirect("/elsewhere".to_owned()), "malformed"),
        (Reply::Endless, "malformed"),
        (Reply::Text(500, "{\"error\":\"unknown_error\"}".to_owned()), "server-error"),
        (Reply::Text(503, "<html>".to_owned()), "server-error"),
        (Reply::Busy(7), "busy"),
        (Reply::Close, "unavailable"),
        (Reply::Cut, "unavailable"),
        (Reply::Hang, "timed-out"),
        (Reply::Drip, "timed-out"),
    ] {
        keycloak.reply(TOKEN, reply);
        match oidc(&keycloak).login(login()).await {
            Err(LoginError::Keycloak(error)) => assert_eq!(error.outcome(), outcome),
            other => panic!("{outcome}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn busy_tells_for_how_long() {
    let keycloak = FakeKeycloak::start().await;
    keycloak.reply(TOKEN, Reply::Busy(7));
    let error = oidc(&keycloak).client_credentials().await.unwrap_err();
    assert!(matches!(error, KeycloakError::Busy { retry_after: Some(wait) } if wait == Duration::from_secs(7)));
}

#[tokio::test]
async fn a_log_out_is_believed_only_when_keycloak_took_the_token() {
    let keycloak = FakeKeycloak::start().await;
    keycloak.reply(LOGOUT, Reply::Text(204, String::new()));
    assert!(oidc(&keycloak).logout("r.r.r", None).await.is_ok());
    let request = keycloak.requests(LOGOUT).remove(0);
    assert!(request.contains("refresh_token=r.r.r") && !request.to_lowercase().contains("x-forwarded-for"));
    keycloak.reply(LOGOUT, Reply::json(400, &json!({"error": "invalid_grant", "error_description": "x\r\ny"})));
    match oidc(&keycloak).logout("forged", None).await {
        Err(RefreshTokenError::Refused(RefreshTokenRefusal::Invalid)) => {}
        other => panic!("{other:?}"),
    }
    keycloak.reply(LOGOUT, Reply::json(400, &json!({"error": "unauthorized_client", "error_description": "x\r\ny"})));
    match oidc(&keycloak).logout("r.r.r", None).await {
        Err(RefreshTokenError::Keycloak(KeycloakError::Refused { status, error, description })) => {
            assert_eq!(status, StatusCode::BAD_REQUEST);
            assert_eq!((error.as_str(), description.as_str()), ("unauthorized_client", "xy"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refused_refresh_says_why() {
    let keycloak = FakeKeycloak::start().await;
    for (description, expected) in [
        ("Maximum allowed refresh token reuse exceeded", RefreshTokenRefusal::Reused),
        ("Session not active", RefreshTokenRefusal::SessionOver),
        ("Session doesn't have required client", RefreshTokenRefusal::SessionOver),
        ("User disabled", RefreshTokenRefusal::AccountDisabled),
        ("Token is not active", RefreshTokenRefusal::Invalid),
        ("something new", RefreshTokenRefusal::Invalid),
    ] {
        keycloak.reply(TOKEN, Reply::json(400, &json!({"error": "invalid_grant", "error_description": description})));
        let refused = oidc(&keycloak).refresh("r.r.r", None).await.unwrap_err();
        assert!(matches!(refused, RefreshTokenError::Refused(refusal) if refusal == expected), "{description}");
    }
}

#[tokio::test]
async fn a_refresh_outwaits_other_calls() {
    let keycloak = FakeKeycloak::start().await;
    let Reply::Text(_, body) = granted() else { panic!() };
    keycloak.reply(TOKEN, Reply::Late(Duration::from_millis(700), body));
    assert!(oidc(&keycloak).refresh("r.r.r", None).await.is_ok());
    assert!(oidc(&keycloak).client_credentials().await.is_err());
}

#[tokio::test]
async fn what_is_not_active_has_no_description() {
    let keycloak = FakeKeycloak::start().await;
    keycloak.reply(INTROSPECT, Reply::json(200, &json!({"active": false})));
    assert!(oidc(&keycloak).introspect_refresh_token("r.r.r").await.unwrap().is_none());
    let request = keycloak.requests(INTROSPECT).remove(0);
    assert!(request.contains("token=r.r.r&token_type_hint=refresh_token"), "{request}");
    keycloak.reply(INTROSPECT, Reply::json(200, &json!({"active": true, "sub": "s"})));
    assert!(oidc(&keycloak).introspect_refresh_token("r.r.r").await.unwrap().is_some());
    keycloak.reply(INTROSPECT, Reply::json(200, &json!({"active": "true"})));
    assert!(oidc(&keycloak).introspect_refresh_token("r.r.r").await.is_err());
}

#[tokio::test]
async fn without_a_client_nothing_is_asked() {
    let keycloak = FakeKeycloak::start().await;
    let oidc = Oidc::new(Arc::new(http()), &keycloak.issuer(), &keycloak.url(), None);
    assert!(matches!(oidc.client_credentials().await, Err(KeycloakError::NoClient)));
    assert!(keycloak.requests(TOKEN).is_empty());
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let keycloak = FakeKeycloak::start().await;
    keycloak.reply(TOKEN, granted());
    let oidc = oidc(&keycloak);
    let tokens = oidc.client_credentials().await.unwrap();
    let printed = format!("{oidc:?} {tokens:?}");
    for secret in ["s3cret", "a.b.c", "r.r.r"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn an_internal_address_is_told_from_the_issuer() {
    let http = Arc::new(http());
    let at = |url: &str| Oidc::new(Arc::clone(&http), "https://sso.test/realms/a", &url.parse().unwrap(), None);
    assert_eq!(at("https://sso.test/realms/a").internal_certs(), None);
    let inside = at("http://keycloak:8080/realms/a/").internal_certs().unwrap();
    assert_eq!(inside.as_str(), "http://keycloak:8080/realms/a/protocol/openid-connect/certs");
}

#[tokio::test]
async fn a_secret_that_is_refused_is_read_again_once_and_the_call_made_once_more() {
    let keycloak = FakeKeycloak::start().await;
    let refusal =
        json!({"error": "unauthorized_client", "error_description": "Invalid client or Invalid client credentials"});
    keycloak.reply(TOKEN, Reply::json(401, &refusal));
    let with = |secret: &'static str| {
        oidc(&keycloak).rotating(Rotating::reread_by("s3cret & more", move || Some(secret.to_owned())))
    };
    assert!(with("s3cret & more").client_credentials().await.is_err());
    assert_eq!(keycloak.requests(TOKEN).len(), 1, "the same secret is not shown again");
    let rotated = with("rotated");
    assert!(rotated.client_credentials().await.is_err());
    let shown: Vec<_> = keycloak.requests(TOKEN).into_iter().skip(1).map(|text| text.contains("rotated")).collect();
    assert_eq!(shown, [false, true], "once with the old one, once with the new one");
    keycloak.reply(TOKEN, granted());
    rotated.login(login()).await.unwrap();
    assert!(keycloak.requests(TOKEN).last().unwrap().contains("rotated"));
    assert!(rotated.credentials().unwrap().are("doorward", "rotated"));
}

#[tokio::test]
async fn what_is_refused_for_another_reason_is_not_tried_again() {
    let keycloak = FakeKeycloak::start().await;
    keycloak.reply(TOKEN, Reply::json(400, &json!({"error": "unauthorized_client"})));
    let oidc = oidc(&keycloak).rotating(Rotating::reread_by("s3cret & more", || Some("rotated".to_owned())));
    assert!(oidc.login(login()).await.is_err());
    assert_eq!(keycloak.requests(TOKEN).len(), 1);
}
