//! Services of a real Keycloak behind a gateway: a client with a service account is a user like any other.

use serde_json::json;
use test_services::keycloak::Realm;

use crate::keycloak::front::Front;
use crate::keycloak::world::{World, text};

fn add_client(realm: &Realm, audience: bool) {
    let mapper = json!({"name": "audience", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
                        "config": {"included.client.audience": "doorward", "access.token.claim": "true"}});
    let mappers = if audience { vec![mapper] } else { vec![] };
    realm.post(
        "clients",
        &json!({"clientId": "backend", "secret": "backend-secret", "publicClient": false, "standardFlowEnabled": false,
                "serviceAccountsEnabled": true, "protocolMappers": mappers}),
    );
}

fn token(world: &World) -> String {
    let fields = [("grant_type", "client_credentials"), ("client_id", "backend"), ("client_secret", "backend-secret")];
    let answer = world.form("token", &fields);
    assert_eq!(answer.status, 200, "{}", answer.shown());
    text(&answer.json(), "access_token").to_owned()
}

#[test]
fn a_service_gets_roles_and_passes_rules_like_anybody() {
    let world = World::of(test_services::keycloak::Keycloak::shared().realm());
    add_client(world.realm(), true);
    let front = Front::of(&world);
    let token = token(&world);
    assert_eq!(front.status("/items", &token), 403, "nobody has taken it up");
    front.doorward(&["users", "create", "--service", "backend"]);
    crate::support::patience::wait_for("the service", || (front.status("/items", &token) == 200).then_some(()));
    assert_eq!(front.status("/admin/reports", &token), 403);
    front.doorward(&["users", "grant", "--username", "service-account-backend", "--role", "admin"]);
    crate::support::patience::wait_for("the role", || (front.status("/admin/reports", &token) == 200).then_some(()));
    let before = front.upstream.count();
    assert_eq!(front.status("/items", &token), 200);
    let seen = front.upstream.only(before);
    assert_eq!(seen.value("X-Auth-Username"), "service-account-backend");
    assert_eq!((seen.value("X-Auth-Roles"), seen.value("X-Auth-Email")), ("admin".to_owned(), String::new()));
}

#[test]
fn a_service_without_the_audience_is_refused() {
    let world = World::of(test_services::keycloak::Keycloak::shared().realm());
    add_client(world.realm(), false);
    let front = Front::of(&world);
    front.doorward(&["users", "create", "--service", "backend"]);
    assert_eq!(front.status("/items", &token(&world)), 401);
}
