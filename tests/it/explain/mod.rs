//! `doorward explain` says what the running gateway does: the same requests are put to both.

use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::gateway::run;
use crate::support::patience::wait_for;
use crate::support::raw::Request;
use crate::support::setup::{Running, Setup};

const ROUTES: &str = r#"
[[route]]
path = "/*"
upstream = "app"

[[route]]
path = "/public/*"
upstream = "app"
access = "public"

[[route]]
path = "/admin/*"
methods = ["GET"]
upstream = "app"
any_role = ["admin", "owner"]

[[route]]
path = "/admin/*"
methods = ["POST", "DELETE"]
upstream = "app"
all_permissions = ["reports:read", "reports:write"]

[[route]]
path = "/reports/{id}"
methods = ["GET"]
upstream = "app"
any_permission = ["reports:read"]

[[route]]
path = "/team/*"
upstream = "app"
all_roles = ["reader", "user"]

[[route]]
path = "/files/*"
upstream = "app"
encoded_slash = true

[[route]]
host = "inside.test"
path = "/tools/*"
upstream = "app"
any_role = ["admin"]

[[route]]
host = "*.wild.test"
path = "/*"
methods = ["GET", "OPTIONS"]
upstream = "app"
access = "public"
"#;

const PATHS: &[&str] = &[
    "/",
    "/x?y=1&z=%2e%2e",
    "/public/a",
    "/public/a%2Fb",
    "/admin",
    "/admin/x",
    "/admin/x/",
    "/Admin/x",
    "/admin%2Fx",
    "/%61dmin/x",
    "/public/../admin/x",
    "/public/%2e%2e/admin/x",
    "//admin/x",
    "/admin;x",
    "/caf%C3%A9",
    "/caf%C3",
    "/reports/1",
    "/reports/1/2",
    "/reports/a%2fb",
    "/team/x",
    "/files/a%2Fb",
    "/tools/x",
    "/auth",
    "/auth/",
    "/authx",
    "/auth/me",
    "/auth/me/",
    "/auth/me%2Fx",
    "/auth/login",
    "/auth/logout",
    "/auth/token/refresh",
    "/auth/token/validate",
    "/auth/token/client-credentials",
    "/auth/openapi.json",
    "/auth/keycloak/acme/k_logout",
    "/auth/nothing",
];
const METHODS: &[&str] = &["GET", "HEAD", "POST", "DELETE", "OPTIONS", "TRACE", "get"];
const HOSTS: &[&str] = &["gw.test", "inside.test", "INSIDE.test:8443", "a.wild.test", "a.b.wild.test", "wild.test"];
/// `-` is nobody; carol is disabled, and ghost has a token and no row.
const USERS: &[&str] = &["-", "alice", "bob", "carol", "norole", "rita", "ghost"];

/// A request, and whose it is.
#[derive(Clone, Copy, Debug)]
struct Asked {
    method: &'static str,
    host: &'static str,
    path: &'static str,
    user: &'static str,
}

/// A gateway whose database has one more user than the tokens: one who has not come yet.
fn stage() -> Running {
    let mut setup = Setup::with_routes(ROUTES);
    setup.config.more = "[auth]\npassword_login = true\n".into();
    setup.start()
}

fn explained(running: &Running, asked: Asked) -> Value {
    let file = running.setup.directory().join("doorward.toml");
    let Asked { method, host, path, user } = asked;
    let mut arguments = vec!["explain", "--json", "--config", file.to_str().unwrap(), "--method", method];
    arguments.extend(["--host", host, "--path", path]);
    if user != "-" {
        arguments.extend(["--user", user]);
    }
    let output = run(&arguments);
    assert!(output.status.success(), "{asked:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The line of the request in the gateway's log.
fn happened(running: &Running, asked: Asked) -> Value {
    let log = &running.gateway.log;
    let before = log.count();
    let request = Request::new(asked.method, asked.path).with("Host", asked.host);
    match asked.user {
        "-" => running.gateway.send(request),
        // Whoever comes first is named by their token.
        "ghost" => {
            let claims = json!({"claims_set": {"sub": "ghost", "preferred_username": "ghost"}});
            running.gateway.send(request.bearer(&running.token(&claims)))
        }
        user => running.send_as(user, request),
    };
    wait_for("the line of the request", || {
        let lines = log.since(before);
        let parsed = lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        parsed.into_iter().find(|line| line["message"] == "request")
    })
}

/// Whether what was said is what happens. Of an endpoint of the gateway's own, `explain` says that it answers; what the
/// endpoint makes of an empty body is its own.
fn compare(running: &Running, asked: Asked) {
    let (said, line) = (explained(running, asked), happened(running, asked));
    let shown = || format!("{asked:?}: said {said}, but came {line}");
    let (status, reason) = (line["status"].as_u64().unwrap(), line["reason"].as_str().unwrap());
    assert_eq!(said["route"].as_str().unwrap_or_default(), line["route"], "{}", shown());
    match said["outcome"].as_str().unwrap() {
        "forwarded" => {
            assert_eq!((status, reason, &said["to"]), (200, "", &"upstream app".into()), "{}", shown());
            assert_eq!(line["upstream"], "app", "{}", shown());
        }
        "answered" => {
            assert!(["", "media-type", "malformed-body", "token-structure"].contains(&reason), "{}", shown());
            assert_eq!((&line["upstream"], &said["to"]), (&"".into(), &"the gateway itself".into()), "{}", shown());
        }
        refused => assert_eq!(refused, format!("{status} {reason}"), "{}", shown()),
    }
    assert!(said["because"].as_array().is_some_and(|because| !because.is_empty()), "{}", shown());
}

#[test]
fn every_path_is_explained_as_it_is_answered_whoever_asks() {
    let running = stage();
    for path in PATHS {
        for user in USERS {
            compare(&running, Asked { method: "GET", host: "gw.test", path, user });
        }
    }
}

#[test]
fn every_path_is_explained_as_it_is_answered_by_every_method() {
    let running = stage();
    for path in PATHS {
        for method in METHODS {
            compare(&running, Asked { method, host: "gw.test", path, user: "bob" });
        }
    }
}

#[test]
fn any_request_is_explained_as_it_is_answered() {
    let running = stage();
    let any = (select(METHODS), select(HOSTS), select(PATHS), select(USERS));
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&any, |(method, host, path, user)| {
        compare(&running, Asked { method, host, path, user });
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn somebody_who_would_be_made_on_first_sight_is_explained_so() {
    let mut setup = Setup::with_routes(ROUTES);
    setup.config.users += "provision = \"on-first-sight\"\n";
    let running = setup.start();
    for path in ["/admin/x", "/x", "/auth/me"] {
        let asked = Asked { method: "GET", host: "gw.test", path, user: "ghost" };
        let said = explained(&running, asked);
        assert!(said["because"].to_string().contains("when they come first"), "{said}");
        compare(&running, asked);
        crate::support::users::execute(&running.setup.database(), "delete from users where username = 'ghost'");
    }
}

#[test]
fn what_is_said_to_people_names_what_is_missing() {
    let running = stage();
    let file = running.setup.directory().join("doorward.toml");
    let said = |arguments: &[&str]| {
        let output = run(&[&["explain", "--config", file.to_str().unwrap()], arguments].concat());
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(
        said(&["--path", "/admin/x", "--user", "rita"]),
        "route    GET /admin/*\nto       upstream app\noutcome  403 role-required\n\
         because  any_role = [\"admin\", \"owner\"] is not met; held: [\"reader\", \"user\"]"
    );
    assert_eq!(
        said(&["--path", "/admin/x", "--user", "rita", "--method", "POST"]),
        "route    POST,DELETE /admin/*\nto       upstream app\noutcome  403 permission-required\n\
         because  all_permissions = [\"reports:read\", \"reports:write\"] is not met; held: [\"reports:read\"]"
    );
    assert_eq!(
        said(&["--path", "/admin/x", "--method", "PUT"]),
        "route    none\noutcome  405 method\n\
         because  the routes of this path take only GET, HEAD, POST, DELETE; a request never falls to a less specific \
         path"
    );
    assert_eq!(
        said(&["--path", "/auth/nothing", "--user", "bob"]),
        "route    none\noutcome  404 no-route\n\
         because  /auth and every path below it is the gateway's own, and this is none of its endpoints: `doorward \
         check` lists them"
    );
    assert_eq!(
        said(&["--path", "/auth/me"]),
        "route    GET /auth/me\nto       the gateway itself\noutcome  401 unauthenticated\n\
         because  it is for signed-in users, and no --user was given"
    );
    let unseen = run(&["explain", "--path", "/a/../b", "--config", file.to_str().unwrap()]);
    let unseen = String::from_utf8(unseen.stdout).unwrap();
    assert!(unseen.starts_with("route    none\noutcome  400 ") && unseen.contains("dot segment"), "{unseen}");
}
