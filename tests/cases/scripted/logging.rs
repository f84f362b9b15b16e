//! What the log says, and what it never says.

use serde_json::{Value, json};

use super::Script;
use crate::support::gateway::{Gateway, free_address};
use crate::support::house::{House, SECRET, Session};
use crate::support::patience::wait_for;
use crate::support::raw::{Request, Response};

pub const SCRIPTS: &[(&str, Script)] =
    &[("LOG-003", |_| no_secret_at_any_level()), ("LOG-007", |_| one_line_for_each_request())];

/// Every endpoint with good and bad input, at the finest level; and the wrong passwords and tokens too.
fn no_secret_at_any_level() {
    let mut house = House::start();
    let (address, admin) = (free_address(), free_address());
    house.setup.config.server = format!("listen = \"{address}\"\nadmin_listen = \"{admin}\"\n");
    let file = house.setup.write();
    let gateway = Gateway::start_unready(&file, address, admin, &[("RUST_LOG", "trace")]);
    wait_for("readiness", || (gateway.operations_status("/readyz") == Some(200)).then_some(()));
    let post = |path: &str, body: &Value| gateway.send(Request::new("POST", path).json(body));
    let log_in = |password: &str| post("/auth/login", &json!({ "username": "bob", "password": password }));
    let session = Session::of(&log_in("bob-password"));
    let next = Session::of(&post("/auth/token/refresh", &json!({ "refresh_token": session.refresh })));
    let basic = format!("Basic {}", {
        use base64::Engine;
        base64::prelude::BASE64_STANDARD.encode(format!("doorward:{SECRET}"))
    });
    let validate = |token: &str| {
        let request = Request::new("POST", "/auth/token/validate").json(&json!({ "token": token }));
        gateway.send(request.with("Authorization", &basic)).status
    };
    assert_eq!((validate(&next.access), validate(&next.refresh)), (200, 200));
    assert_eq!(gateway.send(Request::get("/api/echo?access_token=in-the-query").bearer(&next.access)).status, 400);
    assert_eq!(gateway.send(Request::get("/api/echo").bearer(&next.access)).status, 200);
    assert_eq!(gateway.send(Request::get("/api/echo").bearer("wrong-bearer-token")).status, 401);
    assert_eq!(gateway.send(Request::get("/api/echo").with("Cookie", "session=a-secret-cookie")).status, 401);
    assert_eq!(log_in("wrong-password").status, 401);
    assert_eq!(post("/auth/token/refresh", &json!({ "refresh_token": "wrong-refresh-token" })).status, 401);
    assert_eq!(post("/auth/login", &json!({ "username": "bob", "pasword": "misspelt-password" })).status, 400);
    assert_eq!(post("/auth/logout", &json!({ "refresh_token": next.refresh })).status, 204);
    assert_eq!(gateway.send(Request::get("/auth/token/client-credentials")).status, 200);
    wait_for("the last line", || gateway.log.text().contains("client-credentials").then_some(()));
    let log = gateway.log.text();
    let tokens = [&session.access, &session.refresh, &next.access, &next.refresh];
    let signatures = tokens.map(|token| token.rsplit('.').next().unwrap());
    let others = [
        SECRET,
        basic.trim_start_matches("Basic "),
        "bob-password",
        "in-the-query",
        "wrong-bearer-token",
        "a-secret-cookie",
        "wrong-password",
        "wrong-refresh-token",
        "misspelt-password",
        "bob@example.test",
        "eyJ",
    ];
    for secret in signatures.into_iter().chain(others) {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {}", line.unwrap_or_default());
    }
}

/// Who, what, when, decision, reason, request id; and as many lines as requests.
fn one_line_for_each_request() {
    let house = House::start();
    let first = house.gateway.log.count();
    let mut seen = 0;
    // The line of a request is written when its answer is on its way already.
    let mut judge = |answer: &Response, reason: &str, user: Option<&str>| {
        seen += 1;
        let lines = wait_for("the line", || Some(lines(&house, first)).filter(|lines| lines.len() >= seen));
        assert_eq!(lines.len(), seen, "one line for each request");
        let line = &lines[seen - 1];
        let subject = user.map(|user| house.id_of(user)).unwrap_or_default();
        assert_eq!((line["status"].as_u64(), &line["reason"]), (Some(answer.status.into()), &json!(reason)), "{line}");
        assert_eq!(line["subject"], json!(subject), "{line}");
        for member in ["timestamp", "request_id", "client", "method", "path", "route"] {
            assert!(line[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {line}");
        }
    };
    let call = |path: &str, token: &str| house.gateway.send(Request::get(path).bearer(token));
    let alice = house.log_in("alice");
    judge(&alice, "", Some("alice"));
    let refreshed = house.refresh(&Session::of(&alice).refresh);
    judge(&refreshed, "", Some("alice"));
    let bob = house.log_in("bob");
    judge(&bob, "", Some("bob"));
    let (alice, bob) = (Session::of(&refreshed), Session::of(&bob));
    judge(&call("/api/allowed", &alice.access), "", Some("alice"));
    judge(&call("/admin/denied", &bob.access), "role-required", Some("bob"));
    judge(&call("/api/denied", "garbage"), "token-structure", None);
    judge(&house.try_password("bob", "wrong"), "invalid-credentials", None);
    judge(&house.refresh("garbage"), "no-refresh-token", None);
    judge(&house.log_out(&alice.refresh), "", Some("alice"));
    judge(&call("/api/after", &alice.access), "session-ended", None);
    judge(&house.log_in("frank"), "unknown-user", None);
}

fn lines(house: &House, first: usize) -> Vec<Value> {
    let log = house.gateway.log.since(first);
    let lines = log.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    lines.filter(|line| line["message"] == "request").collect()
}
