//! What tools of other makers find. `tools/conformance` brings the tools and runs these.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::gateway::free_address;
use crate::support::recorder::{ANSWER, Step};
use crate::support::setup::{Running, Setup};
use crate::support::tls::Pair;

fn start() -> Running {
    let mut setup = Setup::new();
    let pair = Pair::write(setup.directory(), "own", "own-ec", "localhost,127.0.0.1");
    setup.config.server += "h2c = true\nhandshake_timeout = \"2s\"\nheader_timeout = \"2s\"\n";
    setup.config.server += &format!("[server.tls]\nlisten = \"127.0.0.1:0\"\n{}", pair.settings());
    setup.config.routes = "[[route]]\npath = \"/*\"\nupstream = \"app\"\naccess = \"public\"\n".into();
    setup.start()
}

fn tool(variable: &str) -> Command {
    Command::new(std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set: run tools/conformance")))
}

#[expect(clippy::print_stderr, reason = "whoever runs it wants to see what was found")]
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    eprintln!("{said}");
    said
}

#[test]
#[ignore = "needs h2spec: tools/conformance"]
fn h2spec_finds_nothing() {
    let running = start();
    running.upstream().answer(|_| vec![Step::Send(ANSWER.into())]);
    for (tls, address) in [(false, running.gateway.address), (true, running.gateway.tls.unwrap())] {
        let mut h2spec = tool("H2SPEC");
        h2spec.args(["--host", "localhost", "--port", &address.port().to_string(), "--path", "/x", "--timeout", "5"]);
        if tls {
            h2spec.args(["--tls", "--insecure"]);
        }
        let said = said(&mut h2spec);
        let failed: Vec<&str> = said.lines().filter(|line| line.trim_start().starts_with('×')).collect();
        // Without TLS another beginning is HTTP/1, and is answered as that.
        let known = |line: &&str| !tls && line.contains("Sends invalid connection preface");
        assert!(failed.iter().all(known) && said.contains(" tests, "), "TLS {tls}: {failed:?}");
    }
}

#[test]
#[ignore = "needs sslscan: tools/conformance"]
fn a_scanner_finds_nothing_weak() {
    let running = start();
    let address = running.gateway.tls.unwrap();
    let said = said(tool("SSLSCAN").args(["--no-colour", "--sni-name=localhost", &address.to_string()]));
    let line =
        |start: &str| said.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or_default().to_owned();
    for (version, state) in
        [("SSLv2", "disabled"), ("SSLv3", "disabled"), ("TLSv1.0", "disabled"), ("TLSv1.1", "disabled")]
            .into_iter()
            .chain([("TLSv1.2", "enabled"), ("TLSv1.3", "enabled")])
    {
        assert!(line(version).ends_with(state), "{version} is not {state}");
    }
    assert!(!said.contains("Compression enabled") && !said.contains("1.2 vulnerable to"));
    let ciphers: Vec<&str> = said.lines().filter(|line| line.contains(" bits ")).collect();
    let is_good = |line: &&str| {
        let suite = |known: &str| line.contains(known);
        (suite("TLS_") || suite("ECDHE-")) && (suite("GCM") || suite("CHACHA20"))
    };
    let chosen: Vec<&str> =
        ciphers.iter().copied().filter(|line| line.starts_with("Preferred") || line.starts_with("Accepted")).collect();
    assert!(!chosen.is_empty() && chosen.iter().all(is_good), "{chosen:?}");
}

#[test]
#[ignore = "needs Python with grpcio: tools/conformance"]
fn grpc_of_its_makers_passes() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/listener/grpc_calls.py");
    let port = free_address().port();
    let mut application =
        tool("GRPC_PYTHON").args([script, "serve", &port.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(application.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");

    let mut setup = Setup::new();
    let (old, new) = (format!("\"{}\"", setup.upstream.url()), format!("\"http://127.0.0.1:{port}\""));
    setup.config.upstreams = setup.config.upstreams.replace(&old, &new) + "http2 = true\n";
    setup.config.server += "h2c = true\n";
    setup.config.routes = "[[route]]\npath = \"/*\"\nupstream = \"app\"\n".into();
    let running = setup.start();
    let (address, token) = (running.gateway.address.port().to_string(), running.new_token("alice"));
    let called = tool("GRPC_PYTHON").args([script, "call", &address, &token]).output().unwrap();
    application.kill().unwrap();
    application.wait().unwrap();
    assert!(called.status.success(), "{}", String::from_utf8_lossy(&called.stderr));
}
