use serde_json::json;

use super::assert_refused;
use crate::support::house::House;
use crate::support::raw::Request;

#[test]
fn every_endpoint_takes_exactly_its_json() {
    let house = House::start();
    let session = house.session("alice");
    let deep = format!("{{\"username\": {}", "[".repeat(30_000));
    let large = format!("{{\"username\": \"{}\"}}", "a".repeat(70_000));
    let asked = house.realm.requests().total();
    for (path, member) in [
        ("/auth/login", "username"),
        ("/auth/token/refresh", "refresh_token"),
        ("/auth/logout", "refresh_token"),
        ("/auth/token/validate", "token"),
    ] {
        let post = |kind: &str, body: &str| {
            let request = Request::new("POST", path).with("Content-Type", kind).body(body);
            house.gateway.send(if path.ends_with("validate") { request.bearer(&session.access) } else { request })
        };
        let twice = format!("{{\"{member}\": \"a\", \"{member}\": \"b\", \"password\": \"x\"}}");
        for body in [
            "",
            "{",
            "null",
            "\"text\"",
            "[\"alice\", \"alice-password\", null]",
            "{}",
            &format!("{{\"{member}\": 7}}"),
            &format!("{{\"{member}\": null}}"),
            &format!("{{\"{member}\": [\"a\"]}}"),
            &format!("{{\"{member}\": \"a\", \"more\": 1}}"),
            &format!("{{\"{member}\": \"a\"}} trailing"),
            &twice,
            &deep,
        ] {
            assert_refused(&post("application/json", body), 400, "malformed-body");
        }
        assert_refused(&post("application/json", &large), 413, "too-large");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
            assert_refused(&post(kind, "{}"), 415, "media-type");
        }
    }
    assert_eq!(house.realm.requests().total(), asked, "Keycloak hears of none of it");
}

#[test]
fn what_is_empty_or_endless_is_not_sent_on() {
    let house = House::start();
    let asked = house.realm.requests().total();
    let long = "a".repeat(5_000);
    for body in [
        json!({ "username": "", "password": "x" }),
        json!({ "username": "alice", "password": "" }),
        json!({ "username": long, "password": "x" }),
        json!({ "username": "alice", "password": long }),
        json!({ "username": "alice", "password": "x", "otp": "" }),
        json!({ "username": "al\u{0}ice", "password": "x" }),
    ] {
        assert_refused(&house.post("/auth/login", &body), 400, "malformed-body");
    }
    assert_refused(&house.refresh(""), 400, "malformed-body");
    assert_refused(&house.log_out(""), 400, "malformed-body");
    assert_eq!(house.realm.requests().total(), asked);
}

#[test]
fn the_document_names_every_endpoint() {
    let house = House::start();
    let document = house.gateway.send(Request::get("/auth/openapi.json")).json();
    let mut paths: Vec<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "/auth/backchannel-logout",
            "/auth/keycloak/{realm}/k_logout",
            "/auth/keycloak/{realm}/k_push_not_before",
            "/auth/login",
            "/auth/logout",
            "/auth/me",
            "/auth/openapi.json",
            "/auth/token/client-credentials",
            "/auth/token/refresh",
            "/auth/token/validate"
        ]
    );
    assert!(document["paths"]["/auth/logout"]["post"]["responses"]["204"].is_object());
}
