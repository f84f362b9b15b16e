//! What must never be told: tokens, cookies, codes, passwords and addresses, whatever goes wrong and however much is
//! logged.

mod debug;

use devrealm::{Endpoint, Fault};
use serde_json::json;

use crate::support::gateway::run;
use crate::support::house::{House, SECRET, Session};
use crate::support::patience::wait_for;
use crate::support::raw::{Connection, Request, Response};

/// Whatever nobody may read again, collected while it is used.
pub struct Marks(pub Vec<String>);

impl Marks {
    /// The text itself, as it looks in a URL, and as it looks in Basic.
    pub fn add(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }

    /// A token's parts: none of them is anybody else's business, the header aside, which all tokens share.
    pub fn add_token(&mut self, token: &str) {
        self.0.extend(token.split('.').skip(1).map(str::to_owned));
    }

    pub fn assert_absent(&self, place: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        for mark in &self.0 {
            if let Some(line) = text.lines().find(|line| line.contains(mark.as_str())) {
                panic!("{place} tells {mark:?}: {line}");
            }
        }
    }
}

#[test]
fn nothing_secret_or_personal_is_told_at_any_level_of_the_log() {
    let house = House::build(|plan| {
        plan.environment = vec![("RUST_LOG", "trace")];
        // Without the database nothing is answered from memory, so that its errors are seen.
        plan.users.push_str("stale_when_blind = \"0s\"\n");
    });
    let mut marks = Marks(vec![SECRET.to_owned(), "alice@example.test".to_owned(), "alice-password".to_owned()]);
    let mut refusals = ordinary_day(&house, &mut marks);
    refusals.extend(bad_requests(&house, &mut marks));
    refusals.extend(bad_days(&house, &mut marks));
    let last = house.gateway.send(Request::get("/public/the-last-of-all"));
    assert_eq!(last.status, 200);
    wait_for("the last line", || house.gateway.log.text().contains("/public/the-last-of-all").then_some(()));
    for answer in refusals.iter().filter(|answer| answer.status >= 400) {
        marks.assert_absent("a refusal", &[&answer.head[..], &answer.body].concat());
        assert_eq!(answer.value("content-type"), "application/problem+json", "{}", answer.shown());
        assert!(answer.values("server").is_empty(), "{}", answer.shown());
    }
    let log = house.gateway.log.since(0);
    marks.assert_absent("the log", &log);
    marks.assert_absent("the metrics", &house.gateway.operations("/metrics").body);
    marks.assert_absent("readiness", &house.gateway.operations("/readyz").body);
}

/// Log-in, refresh, use, log-out, as they should be.
fn ordinary_day(house: &House, marks: &mut Marks) -> Vec<Response> {
    let first = house.session("alice");
    let second = Session::of(&house.refresh(&first.refresh));
    for session in [&first, &second] {
        marks.add_token(&session.access);
        marks.add_token(&session.refresh);
    }
    marks.add("mark-cookie-4711");
    marks.add("mark-code-4711");
    let request = Request::get("/api/echo?code=mark-code-4711&x=1").bearer(&second.access);
    assert_eq!(house.gateway.send(request.with("Cookie", "session=mark-cookie-4711")).status, 200);
    let validated = Request::new("POST", "/auth/token/validate").bearer(&second.access);
    let validated = validated.json(&json!({ "token": second.access }));
    vec![
        house.gateway.send(validated),
        house.gateway.send(Request::get("/auth/me").bearer(&second.access)),
        house.log_out(&second.refresh),
        house.refresh(&second.refresh),
        house.gateway.send(Request::get("/api/echo").bearer(&second.access)),
    ]
}

/// Requests that are refused for what they hold.
fn bad_requests(house: &House, marks: &mut Marks) -> Vec<Response> {
    for mark in
        ["mark-password-4711", "mark-name-4711@mail.test", "mark-bearer-4711", "bWFyay1iYXNpYw", "mark-raw-4711"]
    {
        marks.add(mark);
    }
    let get = || Request::get("/api/echo?access_token=mark-bearer-4711");
    let mut answers = vec![
        house.try_password("alice", "mark-password-4711"),
        house.try_password("mark-name-4711@mail.test", "mark-password-4711"),
        house.refresh("mark-bearer-4711.mark-bearer-4711.mark-bearer-4711"),
        house.log_out("mark-bearer-4711"),
        house.post("/auth/login", &json!({ "username": "alice", "pass": "mark-password-4711" })),
        house.post("/auth/login", &json!({ "username": ["alice"], "password": "mark-password-4711" })),
        house.gateway.send(
            Request::new("POST", "/auth/login").with("Content-Type", "application/json").body("{\"mark-raw-4711"),
        ),
        house.gateway.send(get()),
        house.gateway.send(get().bearer("mark-bearer-4711")),
        house.gateway.send(Request::get("/api/echo").bearer("mark-bearer-4711")),
        house.gateway.send(Request::get("/api/echo").with("Authorization", "Basic bWFyay1iYXNpYw==")),
        house.gateway.send(Request::get("/auth/me").with("Authorization", "Negotiate mark-bearer-4711")),
        house.gateway.send(Request::get("/nowhere?code=mark-raw-4711")),
        house.gateway.send(Request::get("/public/..%2fx?token=mark-raw-4711")),
    ];
    for raw in [
        "GET /public/x?token=mark-raw-4711 HTTP/1.1\nHost: a\r\n\r\n",
        "GET /public/x HTTP/1.1\r\nHost: a\r\nCookie: mark-raw-4711\u{0}\r\n\r\n",
        "GET /public/x HTTP/1.1\r\nHost: mark raw mark-raw-4711\r\n\r\n",
        "POST /public/x?mark-raw-4711 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        "mark-raw-4711\r\n\r\n",
    ] {
        let mut connection = Connection::open(house.gateway.address);
        connection.send(raw.as_bytes());
        answers.push(connection.response().unwrap());
    }
    answers
}

/// Keycloak and the database fail, in the middle of what people do.
fn bad_days(house: &House, marks: &mut Marks) -> Vec<Response> {
    let session = house.session("bob");
    marks.add_token(&session.access);
    marks.add_token(&session.refresh);
    marks.add("mark-answer-4711");
    let text = |status: u16, body: &str| Fault::Body {
        status,
        content_type: "application/json".into(),
        body: body.to_owned().into(),
    };
    let mut answers = vec![];
    for fault in [
        Fault::Refuse,
        Fault::Cut,
        Fault::Rubbish,
        Fault::Status(500),
        text(200, "{\"access_token\": \"mark-answer-4711\", \"token_type\": \"Bearer\", \"expires_in\": 1}"),
        text(200, "{\"access_token\": [\"mark-answer-4711\"]}"),
        text(200, "\"mark-answer-4711\""),
        text(500, "mark-answer-4711"),
    ] {
        house.realm.faults().set(Endpoint::Token, fault);
        answers.push(house.log_in("alice"));
        answers.push(house.refresh(&session.refresh));
    }
    house.realm.faults().clear_all();
    let fresh = house.session("bob");
    marks.add_token(&fresh.access);
    marks.add_token(&fresh.refresh);
    house.execute("update users set email = 'mark-name-4711@mail.test', username = 'bob' where username = 'bob'");
    answers.push(house.gateway.send(Request::get("/api/echo").bearer(&fresh.access)));
    crate::support::users::break_down(&house.setup.database());
    wait_for("an answer without the database", || {
        let answer = house.gateway.send(Request::get("/api/echo").bearer(&fresh.access));
        (answer.status == 503).then(|| answers.push(answer))
    });
    answers.push(house.log_in("bob"));
    answers
}

#[test]
fn a_check_of_the_file_does_not_repeat_a_secret_that_stands_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("doorward.toml");
    let marks = Marks(vec!["mark-4711".to_owned()]);
    for (issuer, secret, database, server) in [
        ("https://u:mark-4711@sso.test/realms/a", "{ env = \"S\" }", "sqlite:a.db", "http://127.0.0.1:1"),
        ("https://sso.test/realms/a?x=mark-4711", "{ env = \"S\" }", "sqlite:a.db", "http://127.0.0.1:1"),
        ("https://sso.test/realms/a", "\"mark-4711\"", "sqlite:a.db", "http://127.0.0.1:1"),
        ("https://sso.test/realms/a", "{ value = \"mark-4711\" }", "sqlite:a.db", "http://127.0.0.1:1"),
        ("https://sso.test/realms/a", "{ env = \"S\" }", "postgres://u:mark-4711@db.test/d", "http://127.0.0.1:1"),
        ("https://sso.test/realms/a", "{ env = \"S\" }", "postgres://u@db.test/d?password=mark-4711", "http://a.test"),
        ("https://sso.test/realms/a", "{ env = \"S\" }", "mysql://u:mark-4711@db.test/d", "http://127.0.0.1:1"),
        ("https://sso.test/realms/a", "{ env = \"S\" }", "sqlite:a.db", "http://u:mark-4711@a.test"),
        ("https://sso.test/realms/a", "{ env = \"S\" }", "sqlite:a.db", "http://a.test/?k=mark-4711"),
    ] {
        let text = format!(
            "server = {{ listen = \"127.0.0.1:0\" }}\n\
             keycloak = {{ issuer = \"{issuer}\", audience = \"a\", client_id = \"a\", client_secret = {secret} }}\n\
             users = {{ database = \"{database}\" }}\n\
             upstream = [{{ name = \"app\", servers = [\"{server}\"] }}]\n\
             route = [{{ path = \"/*\", upstream = \"app\" }}]\n"
        );
        std::fs::write(&file, &text).unwrap();
        for command in ["check", "run"] {
            let output = run(&[command, "--config", file.to_str().unwrap()]);
            assert!(!output.status.success(), "{text}");
            marks.assert_absent(command, &[output.stdout, output.stderr].concat());
        }
    }
}
