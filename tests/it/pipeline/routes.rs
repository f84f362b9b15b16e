//! Host decides first, then the most specific path, and only then the method.

use crate::support::raw::Request;
use crate::support::setup::{Running, Setup};

const ROUTES: &str = r#"
[[route]]
path = "/*"
upstream = "app"
access = "public"

[[route]]
path = "/admin/*"
methods = ["GET"]
upstream = "app"
any_role = ["admin"]

[[route]]
host = "inside.test"
path = "/tools/*"
upstream = "app"
any_role = ["admin"]
"#;

#[test]
fn a_path_that_no_route_names_is_404() {
    let running = Running::new();
    let answer = running.send_as("bob", Request::get("/nowhere"));
    assert_eq!(answer.status, 404, "{}", answer.shown());
    assert_eq!(running.upstream().count(), 0);
}

#[test]
fn a_method_that_the_path_does_not_have_is_405_and_never_falls_to_a_laxer_route() {
    let running = Setup::with_routes(ROUTES).start();
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = running.gateway.send(Request::new(method, "/admin/x"));
        assert_eq!(answer.status, 405, "{method}: {}", answer.shown());
        assert!(answer.value("Allow").contains("GET"), "{}", answer.shown());
    }
    assert_eq!(running.upstream().count(), 0);
}

#[test]
fn a_route_covers_its_own_path_without_the_slash() {
    let running = Setup::with_routes(ROUTES).start();
    assert_eq!(running.gateway.send(Request::get("/admin")).status, 401);
    assert_eq!(running.gateway.send(Request::get("/admin/")).status, 401);
    assert_eq!(running.gateway.send(Request::get("/administrator")).status, 200);
}

#[test]
fn head_follows_the_rule_of_get() {
    let running = Setup::with_routes(ROUTES).start();
    assert_eq!(running.gateway.send(Request::new("HEAD", "/admin/x")).status, 401);
    assert_eq!(running.send_as("bob", Request::new("HEAD", "/admin/x")).status, 200);
    assert_eq!(running.upstream().only(0).line(), "HEAD /admin/x HTTP/1.1");
}

#[test]
fn a_host_is_the_same_host_in_every_spelling() {
    let running = Setup::with_routes(ROUTES).start();
    for host in ["inside.test", "INSIDE.test", "inside.test:8000", "inside.test.", "Inside.Test.:80"] {
        let answer = running.gateway.send(Request::get("/tools/x").with("Host", host));
        assert!([400, 401].contains(&answer.status), "{host}: {}", answer.shown());
    }
    assert_eq!(running.upstream().count(), 0);
    assert_eq!(running.gateway.send(Request::get("/tools/x").with("Host", "outside.test")).status, 200);
}
