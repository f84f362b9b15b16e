use serde_json::json;

use crate::support::gateway::Gateway;
use crate::support::house::House;
use crate::support::raw::Request;

const PATH: &str = "/auth/token/client-credentials";

#[test]
fn for_tests_anybody_gets_a_token_of_the_gateways_own_client() {
    let house = House::start();
    let answer = house.gateway.send(Request::get(PATH));
    assert_eq!((answer.status, answer.value("cache-control").as_str()), (200, "no-store"), "{}", answer.shown());
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["refresh_token"]), (&json!("Bearer"), &json!(null)));
    assert!(body["expires_in"].as_u64().unwrap() <= 300);
}

#[test]
fn elsewhere_there_is_no_such_endpoint() {
    let house = House::start();
    let text = house.setup.config.text().replace("test_endpoints = true", "test_endpoints = false");
    let file = house.setup.directory().join("production.toml");
    std::fs::write(&file, text).unwrap();
    let gateway = Gateway::start(&file);
    assert_eq!(gateway.send(Request::get(PATH)).status, 404);
    assert_eq!(gateway.send(Request::get("/auth/openapi.json")).json()["paths"].get(PATH), None);
}
