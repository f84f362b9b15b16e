//! `make dev KEYCLOAK=real`: what the Makefile runs once everything is built, with a Keycloak of this test's own.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use test_services::keycloak::free_port;

use crate::support::log::Log;
use crate::support::patience::wait_for;
use crate::support::raw::{Request, Response};

/// The script with its server and the gateway; all of it ends when standard input closes, which it does with this
/// process in any case.
struct Real {
    child: Child,
    told: Value,
    _directory: TempDir,
}

impl Real {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name).display().to_string();
        let port = free_port().to_string();
        let line = recipe(&port)
            .replace("cargo run --locked --", env!("CARGO_BIN_EXE_doorward"))
            .replace("--data data/real", &format!("--data {}", at("gateway")));
        let script = format!("{line} </dev/null & cat >/dev/null; trap '' TERM; kill -TERM 0; wait");
        let mut child = Command::new("bash")
            .args(["-c", &script])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("KEYCLOAK_PORT", &port)
            .env("KEYCLOAK_DATA", at("keycloak"))
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let (out, err) = (Log::follow(child.stdout.take().unwrap()), Log::follow(child.stderr.take().unwrap()));
        let told = out.wait(A_START, |line| line.get("gateway").is_some());
        let mut real = Self { child, told: Value::Null, _directory: directory };
        real.told = told.unwrap_or_else(|| panic!("{line}\nis not ready:\n{}\n{}", out.text(), err.text()));
        assert_eq!(real.told["realm"], format!("http://127.0.0.1:{port}/realms/doorward"));
        real
    }

    fn send(&self, request: Request) -> Response {
        request.send(self.told["gateway"].as_str().unwrap().trim_start_matches("http://").parse().unwrap())
    }

    /// Tries again where the server is too slow just now: it has this machine not for itself.
    fn log_in(&self, user: &str) -> Response {
        let users = self.told["users"].as_array().unwrap();
        let password = &users.iter().find(|entry| entry["username"] == user).unwrap()["password"];
        let request = Request::new("POST", "/auth/login").json(&json!({"username": user, "password": password}));
        wait_for("Keycloak", || Some(self.send(request.clone())).filter(|answer| answer.status != 503))
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The last line that `make dev KEYCLOAK=real` runs; those before it build.
fn recipe(port: &str) -> String {
    let listen: String =
        ["listen", "admin-listen", "upstream-listen"].map(|name| format!(" --{name} 127.0.0.1:0")).concat();
    let output = Command::new("make")
        .args(["-n", "dev", "KEYCLOAK=real", &format!("KEYCLOAK_PORT={port}"), &format!("ARGS=--json{listen}")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let line = text.lines().find(|line| line.starts_with("tools/keycloak run ")).map(str::to_owned);
    line.unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn the_people_of_the_welcome_are_those_of_a_real_keycloak() {
    let dev = Real::start();
    let tokens = dev.log_in("alice");
    assert_eq!(tokens.status, 200, "{}", tokens.shown());
    let tokens = tokens.json();
    let alice = tokens["access_token"].as_str().unwrap();
    let answer = dev.send(Request::get("/admin/reports").bearer(alice));
    assert_eq!(answer.status, 200, "{}", answer.shown());
    let headers: Vec<(String, String)> = serde_json::from_value(answer.json()["headers"].clone()).unwrap();
    let value = |name: &str| headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str());
    assert_eq!((value("x-auth-username"), value("x-auth-roles")), (Some("alice"), Some("admin")), "{headers:?}");
    assert_eq!(value("authorization"), None);

    let bob = dev.log_in("bob").json();
    let bob = bob["access_token"].as_str().unwrap();
    assert_eq!(dev.send(Request::get("/admin/reports").bearer(bob)).status, 403);
    assert_eq!(dev.send(Request::get("/anything").bearer(bob)).status, 200);
    for (user, status, kind) in [
        ("carol", 403, "email-not-verified"),
        ("erin", 403, "account-not-set-up"),
        ("frank", 403, "unknown-user"),
        ("otto", 401, "invalid-credentials"),
    ] {
        let answer = dev.log_in(user);
        let said = answer.json()["type"].as_str().unwrap_or_default().to_owned();
        assert_eq!((answer.status, said), (status, format!("/problems/{kind}")), "{user}: {}", answer.shown());
    }

    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let gone = dev.send(Request::new("POST", "/auth/logout").json(&refresh));
    assert_eq!(gone.status, 204, "{}", gone.shown());
    assert_eq!(dev.send(Request::get("/admin/reports").bearer(alice)).status, 401);
}

/// A server starts in ten seconds, and makes its realm in another ten; other tests may keep the machine busy.
const A_START: Duration = Duration::from_secs(180);
