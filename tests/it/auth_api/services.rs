use serde_json::{Value, json};

use super::assert_refused;
use crate::support::gateway::run;
use crate::support::house::House;
use crate::support::patience::wait_for;
use crate::support::raw::Request;

/// A realm in which `backend` has a client and a service account of its own.
fn with_backend() -> House {
    House::build(|plan| {
        let mut realm: Value = serde_json::from_str(&plan.realm.realm_json).unwrap();
        let mut client = realm["clients"][0].clone();
        client["clientId"] = json!("backend");
        client["secret"] = json!("backend-secret");
        realm["clients"].as_array_mut().unwrap().push(client);
        let mut account = realm["users"][0].clone();
        account["id"] = json!("d0000000-0000-4000-8000-000000000200");
        account["username"] = json!("service-account-backend");
        account["serviceAccountClientId"] = json!("backend");
        account["clientRoles"] = json!({});
        realm["users"].as_array_mut().unwrap().push(account);
        plan.realm.realm_json = realm.to_string();
    })
}

fn token_of_backend(house: &House) -> String {
    let form = "grant_type=client_credentials&client_id=backend&client_secret=backend-secret";
    let request = Request::new("POST", "/realms/doorward/protocol/openid-connect/token")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    let answer = request.send(house.realm.address());
    assert_eq!(answer.status, 200, "{}", answer.shown());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn doorward(house: &House, arguments: &[&str]) {
    let file = house.setup.write();
    let arguments = [arguments, &["--config", file.to_str().unwrap()]].concat();
    let output = run(&arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_backend_is_a_user_gets_roles_and_passes_rules_like_anybody() {
    let house = with_backend();
    let token = token_of_backend(&house);
    let call = |path: &str| house.gateway.send(Request::get(path).bearer(&token));
    assert_refused(&call("/api/echo"), 403, "unknown-user");
    doorward(&house, &["users", "create", "--service", "backend"]);
    wait_for("the new user", || (call("/api/echo").status == 200).then_some(()));
    assert_refused(&call("/admin/echo"), 403, "role-required");
    doorward(&house, &["users", "grant", "--username", "service-account-backend", "--role", "admin"]);
    wait_for("the new role", || (call("/admin/echo").status == 200).then_some(()));
    let me = call("/auth/me").json();
    assert_eq!((&me["username"], &me["roles"]), (&json!("service-account-backend"), &json!(["admin"])));
    assert_eq!((&me["session"]["sid"], &me["email"]), (&json!(null), &json!(null)));
    let body = json!({ "token": token });
    let validated = house.gateway.send(Request::new("POST", "/auth/token/validate").json(&body).bearer(&token)).json();
    assert_eq!((&validated["active"], &validated["client_id"]), (&json!(true), &json!("backend")));
    house.set_state("service-account-backend", "disabled", &token, 403);
    assert_refused(&call("/api/echo"), 403, "user-disabled");
}
