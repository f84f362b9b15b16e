//! The path, the host and the addresses that the upstream sees.

use crate::support::raw::Request;
use crate::support::setup::{Running, Setup};

fn with_route(keys: &str) -> Running {
    let routes = format!("[[route]]\npath = \"/app/*\"\nupstream = \"app\"\naccess = \"public\"\n{keys}");
    Setup::with_routes(&routes).start()
}

fn trusting(networks: &str) -> Running {
    let mut setup = Setup::new();
    setup.config.server += &format!("trusted_proxies = {networks}\n");
    setup.start()
}

#[test]
fn a_prefix_is_taken_off_the_path() {
    let running = with_route("strip_prefix = \"/app\"\n");
    for (asked, seen) in [("/app/x/y?q=1", "/x/y?q=1"), ("/app/", "/"), ("/app", "/")] {
        let before = running.upstream().count();
        assert_eq!(running.gateway.send(Request::get(asked)).status, 200);
        assert_eq!(running.upstream().only(before).line(), format!("GET {seen} HTTP/1.1"));
    }
}

#[test]
fn a_prefix_cannot_be_used_to_leave_the_route() {
    let running = with_route("strip_prefix = \"/app\"\n");
    for path in ["/app//other.test/x", "/app/../x", "/app%2f..%2fx"] {
        let answer = running.gateway.send(Request::get(path));
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.shown());
    }
    assert_eq!(running.upstream().count(), 0);
}

#[test]
fn the_upstream_sees_the_host_that_its_route_says() {
    let keep = with_route("upstream_host = \"keep\"\n");
    keep.gateway.send(Request::get("/app/x").with("Host", "shop.test"));
    assert_eq!(keep.upstream().only(0).value("Host"), "shop.test");
    let own = with_route("upstream_host = \"upstream\"\n");
    own.gateway.send(Request::get("/app/x").with("Host", "shop.test"));
    let seen = own.upstream().only(0);
    assert_eq!(seen.value("Host"), own.upstream().address.to_string());
    assert_eq!(seen.value("X-Forwarded-Host"), "shop.test");
}

#[test]
fn an_encoded_slash_passes_only_where_it_is_allowed() {
    let without = with_route("");
    assert_eq!(without.gateway.send(Request::get("/app/a%2Fb")).status, 400);
    let with = with_route("encoded_slash = true\n");
    assert_eq!(with.gateway.send(Request::get("/app/a%2Fb")).status, 200);
    assert_eq!(with.upstream().only(0).line(), "GET /app/a%2Fb HTTP/1.1");
}

#[test]
fn strangers_are_not_believed_about_addresses() {
    let running = Running::new();
    let request = Request::get("/public/x")
        .with("X-Forwarded-For", "192.0.2.1")
        .with("X-Forwarded-Proto", "https")
        .with("X-Forwarded-Host", "forged.test")
        .with("X_Forwarded_For", "192.0.2.1")
        .with("Forwarded", "for=192.0.2.1")
        .with("X-Real-IP", "192.0.2.1");
    let answer = running.gateway.send(request);
    assert!([200, 400].contains(&answer.status), "{}", answer.shown());
    for seen in running.upstream().since(0) {
        assert_eq!(seen.value("X-Forwarded-For"), "127.0.0.1");
        assert_eq!(seen.value("X-Forwarded-Proto"), "http");
        assert_eq!(seen.value("X-Forwarded-Host"), "gw.test");
        assert!(!seen.head.escape_ascii().to_string().contains("192.0.2.1"), "{}", seen.head.escape_ascii());
    }
}

#[test]
fn a_trusted_proxy_is_continued() {
    let running = trusting("[\"127.0.0.0/8\"]");
    let request = Request::get("/public/x")
        .with("X-Forwarded-For", "192.0.2.1")
        .with("X-Forwarded-Proto", "https")
        .with("X-Forwarded-Host", "shop.test");
    assert_eq!(running.gateway.send(request).status, 200);
    let seen = running.upstream().only(0);
    assert_eq!(seen.value("X-Forwarded-For"), "192.0.2.1, 127.0.0.1");
    assert_eq!((seen.value("X-Forwarded-Proto"), seen.value("X-Forwarded-Host")), ("https".into(), "shop.test".into()));
}

#[test]
fn a_request_id_is_kept_from_trusted_proxies_only() {
    let ask = |running: &Running| {
        running.gateway.send(Request::get("/public/x").with("X-Request-Id", "from-outside-1"));
        running.upstream().only(0).value("X-Request-Id")
    };
    let given = ask(&Running::new());
    assert!(!given.is_empty() && given != "from-outside-1", "{given}");
    assert_eq!(ask(&trusting("[\"127.0.0.1\"]")), "from-outside-1");
}
