//! What the upstream is told of the caller.

use serde_json::json;

use crate::support::raw::Request;
use crate::support::setup::{Running, Setup};

#[test]
fn a_signed_in_request_is_forwarded_with_who_it_is_from() {
    let running = Running::new();
    let answer = running.send_as("rita", Request::get("/api/items?page=2&q=a%2Fb").with("Accept", "text/plain"));
    assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
    let seen = running.upstream().only(0);
    assert_eq!(seen.line(), "GET /api/items?page=2&q=a%2Fb HTTP/1.1");
    assert_eq!(seen.value("Accept"), "text/plain");
    assert_eq!(seen.value("X-Auth-Subject"), "rita");
    assert_eq!(seen.value("X-Auth-Username"), "rita");
    assert_eq!(seen.value("X-Auth-Email"), "rita@gw.test");
    assert_eq!(seen.value("X-Auth-Roles"), "reader,user");
    assert_eq!(seen.value("X-Auth-Permissions"), "reports:read");
    assert_eq!(uuid::Uuid::parse_str(&seen.value("X-Auth-User-Id")).unwrap().get_version_num(), 7);
}

#[test]
fn what_there_is_not_to_say_is_said_with_an_empty_value() {
    let running = Running::new();
    running.send_as("norole", Request::get("/api/items"));
    let seen = running.upstream().only(0);
    assert_eq!((seen.value("X-Auth-Roles"), seen.value("X-Auth-Permissions")), (String::new(), String::new()));
}

#[test]
fn identity_headers_cannot_be_forged_in_any_spelling() {
    let running = Running::new();
    for name in ["X-Auth-Roles", "x-auth-roles", "X_Auth_Roles", "X.Auth.Roles", "X-Auth_Roles", "X-Auth-Anything"] {
        for path in ["/api/items", "/public/page"] {
            let before = running.upstream().count();
            let answer = running.send_as("alice", Request::get(path).with(name, "forged").with(name, "forged"));
            assert!([200, 400].contains(&answer.status), "{name}: {}", answer.shown());
            for request in running.upstream().since(before) {
                assert!(!request.head.escape_ascii().to_string().contains("forged"), "{name} passed on {path}");
            }
        }
    }
}

#[test]
fn a_client_cannot_name_identity_headers_hop_by_hop() {
    let running = Running::new();
    running.send_as("alice", Request::get("/api/items").with("Connection", "close, X-Auth-Subject, x-auth-roles"));
    let seen = running.upstream().only(0);
    assert_eq!((seen.value("X-Auth-Subject"), seen.value("X-Auth-Roles")), ("alice".into(), "user".into()));
}

#[test]
fn a_public_route_forwards_no_credentials() {
    let running = Running::new();
    for token in [running.new_token("alice"), "not-a-token".into()] {
        let before = running.upstream().count();
        let answer = running.gateway.send(Request::get("/public/page").bearer(&token));
        assert_eq!(answer.status, 200, "{}", answer.shown());
        let seen = running.upstream().only(before);
        assert_eq!((seen.values("Authorization").len(), seen.values("X-Auth-Subject").len()), (0, 0));
    }
}

#[test]
fn the_token_reaches_an_upstream_only_where_the_route_says_so() {
    let routes = "[[route]]\npath = \"/with/*\"\nupstream = \"app\"\nforward_token = true\n
                  [[route]]\npath = \"/without/*\"\nupstream = \"app\"\n";
    let running = Setup::with_routes(routes).start();
    let token = running.new_token("alice");
    running.gateway.send(Request::get("/with/x").bearer(&token));
    running.gateway.send(Request::get("/without/x").bearer(&token));
    let seen = running.upstream().since(0);
    assert_eq!(seen[0].value("Authorization"), format!("Bearer {token}"));
    assert_eq!(seen[1].values("Authorization").len(), 0);
}

#[test]
fn names_outside_ascii_are_percent_encoded() {
    let setup = Setup::new();
    let statement = "update users set username = 'ann é', username_key = 'ann é' where username = 'alice'";
    crate::support::users::execute(&setup.database(), statement);
    let running = setup.start();
    running.send_as("alice", Request::get("/api/items"));
    assert_eq!(running.upstream().only(0).value("X-Auth-Username"), "ann%20%C3%A9");
}

#[test]
fn roles_of_the_token_count_only_where_they_are_mapped() {
    let recipe = json!({ "claims_set": { "realm_access": { "roles": ["admin"] } } });
    let plain = Running::new();
    assert_eq!(plain.gateway.send(Request::get("/admin/x").bearer(&plain.token(&recipe))).status, 403);
    let mut setup = Setup::new();
    setup.config.keycloak += "roles = [\"admin\"]\n";
    let mapped = setup.start();
    assert_eq!(mapped.gateway.send(Request::get("/admin/x").bearer(&mapped.token(&recipe))).status, 200);
}
