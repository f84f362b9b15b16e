//! What a client of another maker sees: curl, with HTTP/2 by nghttp2 and TLS by OpenSSL.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::setup::{Running, Setup};
use crate::support::tls::Pair;

struct Scene {
    running: Running,
    authority: PathBuf,
    token: String,
}

impl Scene {
    fn start() -> Self {
        let mut setup = Setup::new();
        let pair = Pair::write(setup.directory(), "own", "own-ec", "gw.test");
        setup.config.server += &format!("h2c = true\n[server.tls]\nlisten = \"127.0.0.1:0\"\n{}", pair.settings());
        fs::write(setup.directory().join("big"), vec![b'x'; 3 << 20]).unwrap();
        let running = setup.start();
        let token = running.new_token("alice");
        Self { running, authority: pair.certificate, token }
    }

    /// What curl says of a request: version, status, errors; it trusts our certificate and nobody else's.
    fn curl(&self, tls: bool, path: &str, arguments: &[&str]) -> Output {
        let port = if tls { self.running.gateway.tls.unwrap() } else { self.running.gateway.address }.port();
        let scheme = if tls { "https" } else { "http" };
        Command::new("curl")
            .args(["--silent", "--show-error", "--output", "/dev/null", "--max-time", "20", "--noproxy", "*"])
            .args(["--write-out", "%{http_version} %{response_code}", "--connect-to", &format!("::127.0.0.1:{port}")])
            .arg("--cacert")
            .arg(&self.authority)
            .args(arguments)
            .arg(format!("{scheme}://gw.test:{port}{path}"))
            .output()
            .unwrap()
    }

    fn big(&self) -> String {
        format!("@{}", self.running.setup.directory().join("big").display())
    }
}

fn assert_said(output: &Output, expected: &str) {
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said == expected, "expected {expected}: {said} {errors}");
}

#[test]
fn a_certificate_is_verified_and_http2_is_agreed_on() {
    let scene = Scene::start();
    assert_said(&scene.curl(true, "/public/x", &[]), "2 200");
    assert_said(&scene.curl(true, "/public/x", &["--http1.1", "--tls-max", "1.2"]), "1.1 200");
    assert_said(&scene.curl(false, "/public/x", &[]), "1.1 200");
    assert_said(&scene.curl(false, "/public/x", &["--http2-prior-knowledge"]), "2 200");
    assert!(!scene.curl(true, "/public/x", &["--tls-max", "1.1"]).status.success());
}

#[test]
fn bodies_of_every_size_pass() {
    let scene = Scene::start();
    let (bearer, big) = (format!("Authorization: Bearer {}", scene.token), scene.big());
    for version in ["--http1.1", "--http2"] {
        for body in ["", "small", &big] {
            assert_said(
                &scene.curl(true, "/api/x", &[version, "--header", &bearer, "--data-binary", body]),
                if version == "--http2" { "2 200" } else { "1.1 200" },
            );
        }
    }
    assert!(scene.running.upstream().since(0).iter().all(|request| request.complete));
}

#[test]
fn a_refusal_is_seen_whatever_is_still_being_sent() {
    let scene = Scene::start();
    let big = scene.big();
    for (tls, version, number) in
        [(true, "--http2", "2"), (false, "--http2-prior-knowledge", "2"), (true, "--http1.1", "1.1")]
    {
        for (path, status) in [("/api/x", 401), ("/nowhere", 404), ("/public/x", 405), ("/api/../x", 400)] {
            for expect in ["Expect:", "Expect: 100-continue"] {
                let arguments = [version, "--path-as-is", "--header", expect, "--data-binary", &big];
                let output = scene.curl(tls, path, &arguments);
                assert_said(&output, &format!("{number} {status}"));
            }
        }
    }
    assert_eq!(scene.running.upstream().count(), 0);
}
