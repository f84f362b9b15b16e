//! Who does not get through, and what they are told.

use serde_json::json;

use crate::support::patience::wait_for;
use crate::support::raw::{Request, Response};
use crate::support::setup::Running;

fn assert_problem(answer: &Response, status: u16, name: &str) {
    assert_eq!(answer.status, status, "{}", answer.shown());
    assert_eq!(answer.value("Content-Type"), "application/problem+json");
    assert_eq!(answer.value("Cache-Control"), "no-store");
    let problem = answer.json();
    assert_eq!((&problem["type"], &problem["status"]), (&json!(format!("/problems/{name}")), &json!(status)));
    for member in ["title", "detail", "instance"] {
        assert!(problem[member].is_string(), "no {member} in {problem}");
    }
}

#[test]
fn without_a_token_the_challenge_names_no_error() {
    let running = Running::new();
    let answer = running.gateway.send(Request::get("/api/items"));
    assert_eq!(answer.status, 401);
    let challenge = answer.value("WWW-Authenticate");
    assert!(challenge.starts_with("Bearer realm=\"") && !challenge.contains("error"), "{challenge}");
    assert_eq!(running.upstream().count(), 0);
}

#[test]
fn every_bad_token_is_told_the_same() {
    let running = Running::new();
    let recipes = [
        json!({ "claims_set": { "exp": "@now-3600" } }),
        json!({ "claims_set": { "aud": "other" } }),
        json!({ "claims_set": { "iss": "{{iss}}x" } }),
        json!({ "mutate": "flip:2" }),
        json!({ "header_set": { "alg": "none" }, "sig": "empty" }),
        json!({ "claims_set": { "typ": "ID" } }),
    ];
    let mut told = Vec::new();
    for recipe in recipes {
        let answer = running.gateway.send(Request::get("/api/items").bearer(&running.token(&recipe)));
        assert_eq!(answer.status, 401, "{recipe}: {}", answer.shown());
        let mut problem = answer.json();
        problem["instance"].take();
        told.push((answer.value("WWW-Authenticate"), problem));
    }
    assert!(told[0].0.contains("error=\"invalid_token\""), "{}", told[0].0);
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    assert_eq!(running.upstream().count(), 0);
}

#[test]
fn a_right_that_is_missing_is_403() {
    let running = Running::new();
    let answer = running.send_as("alice", Request::get("/admin/items"));
    assert_eq!(answer.status, 403, "{}", answer.shown());
    assert!(answer.value("WWW-Authenticate").contains("error=\"insufficient_scope\""), "{}", answer.shown());
    assert_eq!(running.send_as("bob", Request::get("/admin/items")).status, 200);
    assert_eq!(running.send_as("rita", Request::get("/reports/1")).status, 200);
    assert_eq!(running.send_as("rita", Request::new("POST", "/reports/1").body("x")).status, 403);
    // `admin` holds every permission, present and future.
    assert_eq!(running.send_as("bob", Request::new("POST", "/reports/1").body("x")).status, 200);
}

#[test]
fn a_user_who_is_unknown_or_disabled_is_403() {
    let running = Running::new();
    assert_problem(&running.send_as("ghost", Request::get("/api/items")), 403, "unknown-user");
    let carol = running.send_as("carol", Request::get("/api/items"));
    assert_eq!(carol.status, 403, "{}", carol.shown());
    assert_eq!(running.upstream().count(), 0);
}

#[test]
fn two_credentials_are_400() {
    let running = Running::new();
    let (alice, bob) = (running.new_token("alice"), running.new_token("bob"));
    let twice = Request::get("/api/items").bearer(&alice).bearer(&bob);
    assert_eq!(running.gateway.send(twice).status, 400);
    let in_query = Request::get(&format!("/api/items?access_token={alice}"));
    assert_eq!(running.gateway.send(in_query.clone()).status, 401);
    assert_eq!(running.gateway.send(in_query.bearer(&alice)).status, 400);
    assert_eq!(running.upstream().count(), 0);
}

#[test]
fn what_can_be_read_in_two_ways_is_400() {
    let running = Running::new();
    let odd =
        ["/public/../admin/x", "/public//x", "/public/%2e%2e/admin", "/public/x;y", "/%70ublic/x", "/public/a%2Fb"];
    for path in odd {
        let answer = running.send_as("bob", Request::get(path));
        assert_eq!(answer.status, 400, "{path}: {}", answer.shown());
    }
    assert_eq!(running.upstream().count(), 0);
}

#[test]
fn a_token_dies_when_it_expires_though_it_is_cached() {
    let running = Running::new();
    // The leeway is 5 s, so this one lives for about 2 s more.
    let token = running.token(&json!({ "claims_set": { "exp": "@now-3" } }));
    let status = || running.gateway.send(Request::get("/api/items").bearer(&token)).status;
    assert_eq!(status(), 200);
    wait_for("the end of the token", || (status() == 401).then_some(()));
}

#[test]
fn a_refused_request_keeps_the_connection_in_step() {
    let running = Running::new();
    let token = running.new_token("alice");
    let mut connection = crate::support::raw::Connection::open(running.gateway.address);
    connection.send(&Request::new("POST", "/api/a").body("GET /admin/x HTTP/1.1\r\nHost: gw.test\r\n\r\n").bytes());
    assert_eq!(connection.response().unwrap().status, 401);
    connection.send(&Request::get("/api/b").bearer(&token).bytes());
    // Either the next answer belongs to the next request, or the connection is over.
    if let Ok(next) = connection.response() {
        assert_eq!(next.status, 200, "{}", next.shown());
    }
    assert!(running.upstream().since(0).iter().all(|request| request.line().starts_with("GET /api/b ")));
}
