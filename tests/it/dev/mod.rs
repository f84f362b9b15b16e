//! `doorward dev`: everything in one process, with nothing to install.

mod offline;
mod real;

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::gateway::doorward;
use crate::support::log::Log;
use crate::support::patience::PATIENCE;
use crate::support::raw::{Request, Response};

struct Dev {
    child: Child,
    told: Value,
    _data: TempDir,
}

impl Dev {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut arguments: Vec<&OsStr> =
            vec!["dev".as_ref(), "--json".as_ref(), "--data".as_ref(), data.path().as_os_str()];
        for listen in ["--listen", "--admin-listen", "--realm-listen", "--upstream-listen"] {
            arguments.extend([OsStr::new(listen), OsStr::new("127.0.0.1:0")]);
        }
        let mut command = doorward(arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (Log::follow(child.stdout.take().unwrap()), Log::follow(child.stderr.take().unwrap()));
        match out.wait(PATIENCE, |line| line.get("gateway").is_some()) {
            Some(told) => Self { child, told, _data: data },
            None => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("doorward dev does not say that it is ready:\n{}\n{}", out.text(), err.text());
            }
        }
    }

    fn address(&self, of: &str) -> SocketAddr {
        let url = self.told[of].as_str().unwrap_or_else(|| panic!("no {of} in {}", self.told));
        url.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap()
    }

    fn send(&self, request: Request) -> Response {
        request.send(self.address("gateway"))
    }

    fn password(&self, user: &str) -> String {
        let users = self.told["users"].as_array().unwrap();
        let entry = users.iter().find(|entry| entry["username"] == user).unwrap();
        entry["password"].as_str().unwrap().to_owned()
    }

    fn log_in(&self, user: &str) -> Response {
        let credentials = json!({ "username": user, "password": self.password(user) });
        self.send(Request::new("POST", "/auth/login").json(&credentials))
    }

    fn token(&self, user: &str) -> String {
        let answer = self.log_in(user);
        assert_eq!(answer.status, 200, "{}", answer.shown());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_line_of_json_says_where_everything_is() {
    let dev = Dev::start();
    assert_eq!(Request::get("/readyz").send(dev.address("operations")).status, 200);
    let discovery = format!("{}/.well-known/openid-configuration", dev.told["realm"].as_str().unwrap());
    let path = discovery.trim_start_matches("http://");
    let path = &path[path.find('/').unwrap()..];
    assert_eq!(Request::get(path).send(dev.address("realm")).json()["issuer"], dev.told["realm"]);
    let echo = Request::get("/any?q=1").with("X-One", "1").send(dev.address("upstream")).json();
    assert_eq!((&echo["method"], &echo["path"]), (&json!("GET"), &json!("/any")));
    let users: Vec<&str> =
        dev.told["users"].as_array().unwrap().iter().filter_map(|u| u["username"].as_str()).collect();
    for user in ["alice", "bob", "carol", "dave", "erin", "frank", "otto"] {
        assert!(users.contains(&user), "{user} is not in {users:?}");
    }
    assert_eq!(dev.password("alice"), "alice-password");
}

/// Runs every `sh` block of the page in one shell; `…` in what the page shows stands for anything.
#[test]
fn the_lines_of_the_token_api_page_say_what_the_page_shows() {
    let page = include_str!("../../../docs/token-api.md");
    let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
    let pairs: Vec<(&str, &str)> = blocks
        .windows(2)
        .filter_map(|pair| Some((pair[0].strip_prefix("sh\n")?, pair[1].strip_prefix('\n')?)))
        .collect();
    assert_eq!(pairs.len(), blocks.iter().filter(|block| block.starts_with("sh\n")).count());
    let dev = Dev::start();
    let script: String = pairs.iter().map(|(lines, _)| format!("{lines}\necho; echo {MARK}\n")).collect();
    let script = script.replace("http://127.0.0.1:8000", dev.told["gateway"].as_str().unwrap());
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    for ((lines, shown), came) in pairs.iter().zip(printed.split(MARK)) {
        let pattern = regex::escape(shown.trim()).replace('…', ".*").replace("\\.\\*", ".*");
        let fits = regex::Regex::new(&format!("(?s)^{pattern}$")).unwrap().is_match(came.trim());
        assert!(fits, "{lines}\nshows {shown}\nbut came {came}");
    }
}

const MARK: &str = "=====next=====";

#[test]
fn alice_logs_in_and_sees_who_she_is() {
    let dev = Dev::start();
    let token = dev.token("alice");
    let me = dev.send(Request::get("/auth/me").bearer(&token));
    assert_eq!(me.status, 200, "{}", me.shown());
    assert_eq!((&me.json()["username"], &me.json()["roles"]), (&json!("alice"), &json!(["admin"])));
    let admin = dev.send(Request::get("/admin/panel").bearer(&token));
    assert_eq!(admin.status, 200, "{}", admin.shown());
    let headers = admin.json()["headers"].to_string().to_lowercase();
    assert!(headers.contains("x-auth-username") && !headers.contains("authorization"), "{headers}");
}

#[test]
fn bob_is_a_user_and_no_admin() {
    let dev = Dev::start();
    let token = dev.token("bob");
    assert_eq!(dev.send(Request::get("/anything").bearer(&token)).status, 200);
    assert_eq!(dev.send(Request::get("/admin/panel").bearer(&token)).status, 403);
    assert_eq!(dev.send(Request::get("/public/page")).status, 200);
    assert_eq!(dev.send(Request::get("/anything")).status, 401);
}

#[test]
fn who_cannot_log_in_is_told_why_only_after_the_password() {
    let dev = Dev::start();
    let wrong = json!({ "username": "alice", "password": "wrong" });
    let wrong = dev.send(Request::new("POST", "/auth/login").json(&wrong));
    assert_eq!(wrong.status, 401, "{}", wrong.shown());
    for user in ["carol", "frank"] {
        let answer = dev.log_in(user);
        assert_eq!(answer.status, 403, "{user}: {}", answer.shown());
    }
    for user in ["dave", "erin"] {
        let answer = dev.log_in(user);
        assert!([401, 403].contains(&answer.status), "{user}: {}", answer.shown());
    }
}
