use serde_json::json;

use crate::support::house::House;
use crate::support::raw::Request;

#[test]
fn a_session_ends_when_its_token_says_so() {
    let house = House::start();
    let session = house.session("bob");
    let me = house.gateway.send(Request::get("/auth/me").bearer(&session.access));
    assert_eq!((me.status, me.value("cache-control").as_str()), (200, "no-store"), "{}", me.shown());
    let body = me.json();
    assert_eq!((&body["username"], &body["subject"]), (&json!("bob"), &json!(house.id_of("bob"))));
    let ends_in = body["session"]["ends_in"].as_u64().unwrap();
    assert!((290..=300).contains(&ends_in), "{ends_in}");
    assert!(body["session"]["sid"].is_string());
}
