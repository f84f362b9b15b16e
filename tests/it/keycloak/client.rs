//! The gateway's own client of Keycloak, against both providers: what it sends is understood, and it understands what
//! it gets.

use std::sync::Arc;
use std::time::Duration;

use doorward::keycloak::{
    Admin, ClientCredentials, Http, KeycloakError, KeycloakMetrics, LoginError, LoginRefusal, Oidc, PasswordLogin,
    RefreshTokenError, RefreshTokenRefusal, Timeouts,
};
use tokio::runtime::Runtime;

use crate::keycloak::world::World;

contracts! {
    a_log_in_by_the_gateways_client_says_what_keycloak_says,
    the_gateways_client_learns_how_a_session_ended,
    the_gateways_client_reads_keys_and_people,
}

fn oidc(world: &World, secret: &str) -> Oidc {
    let metrics = KeycloakMetrics::new(&prometheus::Registry::new()).unwrap();
    // A busy machine: this is not about time.
    let timeouts = Timeouts { total: Duration::from_secs(20), ..Timeouts::default() };
    let http = Arc::new(Http::new(None, timeouts, metrics).unwrap());
    let client = ClientCredentials::new("doorward", secret);
    Oidc::new(http, &world.issuer, &world.issuer.parse().unwrap(), Some(client))
}

fn a_log_in_by_the_gateways_client_says_what_keycloak_says(world: &World) {
    let runtime = Runtime::new().unwrap();
    let login = |oidc: &Oidc, username: &str, password: &str| {
        runtime.block_on(oidc.login(PasswordLogin { username, password, otp: None, address: None }))
    };
    let ours = oidc(world, "doorward-secret");
    let tokens = login(&ours, "alice", "alice-password").unwrap();
    assert!(tokens.expires_in() <= Duration::from_secs(300) && tokens.expires_in() >= Duration::from_secs(290));
    assert!(tokens.refresh_expires_in() > Some(tokens.expires_in()));
    for (username, password, expected) in [
        ("bob", "nope", LoginRefusal::InvalidCredentials),
        ("nobody", "nobody-password", LoginRefusal::InvalidCredentials),
        ("dave", "dave-password", LoginRefusal::AccountDisabled),
        ("carol", "carol-password", LoginRefusal::NotSetUp),
        ("erin", "erin-password", LoginRefusal::NotSetUp),
    ] {
        let refused = login(&ours, username, password).unwrap_err();
        assert!(matches!(refused, LoginError::Refused(refusal) if refusal == expected), "{username}: {refused:?}");
    }
    let misconfigured = login(&oidc(world, "nope"), "alice", "alice-password").unwrap_err();
    assert!(matches!(misconfigured, LoginError::Keycloak(KeycloakError::Refused { .. })), "{misconfigured:?}");

    let refresh = tokens.refresh_token().unwrap();
    runtime.block_on(ours.logout(refresh, None)).unwrap();
    let forged = runtime.block_on(ours.logout("garbage", None)).unwrap_err();
    assert!(matches!(forged, RefreshTokenError::Refused(RefreshTokenRefusal::Invalid)), "{forged:?}");
}

fn the_gateways_client_learns_how_a_session_ended(world: &World) {
    let runtime = Runtime::new().unwrap();
    let oidc = oidc(world, "doorward-secret");
    let login = || {
        let alice = PasswordLogin { username: "alice", password: "alice-password", otp: None, address: None };
        runtime.block_on(oidc.login(alice)).unwrap().refresh_token().unwrap().to_owned()
    };
    let refresh = |token: &str| runtime.block_on(oidc.refresh(token, None));
    let refusal = |token: &str| match refresh(token).unwrap_err() {
        RefreshTokenError::Refused(refusal) => refusal,
        RefreshTokenError::Keycloak(error) => panic!("{error:?}"),
    };
    let active = |token: &str| runtime.block_on(oidc.introspect_refresh_token(token)).unwrap().is_some();

    let first = login();
    assert!(active(&first));
    let second = refresh(&first).unwrap().refresh_token().unwrap().to_owned();
    assert!(active(&second));
    assert_eq!(refusal(&first), RefreshTokenRefusal::Reused);
    assert_eq!(refusal(&second), RefreshTokenRefusal::SessionOver);
    assert!(!active(&second));

    let ended = login();
    runtime.block_on(oidc.logout(&ended, None)).unwrap();
    assert_eq!(refusal(&ended), RefreshTokenRefusal::SessionOver);
    assert!(!active(&ended));
}

fn the_gateways_client_reads_keys_and_people(world: &World) {
    let runtime = Runtime::new().unwrap();
    let oidc = Arc::new(oidc(world, "doorward-secret"));
    let discovery = runtime.block_on(oidc.discovery()).unwrap();
    assert_eq!(discovery.issuer, world.issuer);
    let certs = runtime.block_on(oidc.certs(&discovery.jwks_uri)).unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&certs).unwrap()["keys"].is_array());
    let admin = Admin::new(oidc).unwrap();
    let alice = runtime.block_on(admin.find_user("Alice")).unwrap().unwrap();
    assert_eq!((alice.id.as_str(), alice.username.as_str(), alice.enabled), (&*world.id_of("alice"), "alice", true));
    assert_eq!((alice.email.as_deref(), alice.email_verified), (Some("alice@example.test"), true));
    assert_eq!(runtime.block_on(admin.find_user("alic")).unwrap(), None);
    let service = runtime.block_on(admin.service_account_user("doorward")).unwrap().unwrap();
    assert_eq!(service.username, "service-account-doorward");
    assert_eq!(runtime.block_on(admin.service_account_user("spa")).unwrap(), None);
}
