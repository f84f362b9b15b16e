use std::time::Duration;

use serde_json::json;

use super::*;
use crate::clock::Timestamp;
use crate::identity::testing::identity;
use crate::keycloak::ClientCredentials;
use crate::keycloak::testing::{FakeKeycloak, INTROSPECT, Reply, http};

fn metrics() -> IntrospectionMetrics {
    IntrospectionMetrics::new(&prometheus::Registry::new()).unwrap()
}

fn introspector(keycloak: &FakeKeycloak) -> Arc<Introspector> {
    let client = ClientCredentials::new("doorward", "secret");
    let oidc = Oidc::new(Arc::new(http()), "https://sso.test/realms/acme", &keycloak.url(), Some(client));
    Arc::new(Introspector::new(vec![Arc::new(oidc)], metrics()))
}

async fn asked(keycloak: &FakeKeycloak, times: usize) {
    while keycloak.requests(INTROSPECT).len() < times {
        tokio::task::yield_now().await;
    }
}

fn ask(introspector: &Arc<Introspector>) -> tokio::task::JoinHandle<Result<Arc<Introspection>, IntrospectError>> {
    let introspector = Arc::clone(introspector);
    tokio::spawn(async move { introspector.ask(Cause::Strict, &identity("alice", Timestamp(u64::MAX)), "a.b.c").await })
}

#[tokio::test]
async fn who_comes_while_a_call_is_under_way_shares_the_next_and_never_that_one() {
    let keycloak = FakeKeycloak::start().await;
    let introspector = introspector(&keycloak);
    keycloak.reply(INTROSPECT, Reply::Late(Duration::from_millis(300), json!({"active": true}).to_string()));
    let early = ask(&introspector);
    asked(&keycloak, 1).await;
    keycloak.reply(INTROSPECT, Reply::json(200, &json!({"active": false})));
    let late = [ask(&introspector), ask(&introspector)];
    assert!(early.await.unwrap().is_ok());
    for late in late {
        assert!(matches!(late.await.unwrap(), Err(IntrospectError::Inactive)));
    }
    assert_eq!(keycloak.requests(INTROSPECT).len(), 2);
    assert!(introspector.lines.lock().is_empty());
}

#[tokio::test]
async fn keycloak_away_and_no_client_are_not_inactive() {
    let keycloak = FakeKeycloak::start().await;
    let gone = introspector(&keycloak).ask(Cause::Strict, &identity("alice", Timestamp(u64::MAX)), "a.b.c").await;
    assert!(matches!(gone, Err(IntrospectError::Keycloak(_))), "{gone:?}");
    let nobody =
        Introspector::new(vec![], metrics()).ask(Cause::Strict, &identity("alice", Timestamp(u64::MAX)), "a.b.c").await;
    assert!(
        matches!(&nobody, Err(IntrospectError::Keycloak(error)) if matches!(**error, KeycloakError::NoClient)),
        "{nobody:?}"
    );
}

#[tokio::test]
async fn nobody_is_asked_for_whoever_has_gone() {
    let keycloak = FakeKeycloak::start().await;
    let introspector = introspector(&keycloak);
    keycloak.reply(INTROSPECT, Reply::Late(Duration::from_millis(200), json!({"active": true}).to_string()));
    let early = ask(&introspector);
    asked(&keycloak, 1).await;
    let late = ask(&introspector);
    while introspector.lines.lock().values().all(|line| line.next.is_none()) {
        tokio::task::yield_now().await;
    }
    late.abort();
    assert!(early.await.unwrap().is_ok());
    while !introspector.lines.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(keycloak.requests(INTROSPECT).len(), 1);
}
