//! TLS towards clients.

use std::fs;
use std::time::Duration;

use crate::support::gateway::run;
use crate::support::keys::certificate;
use crate::support::log::field;
use crate::support::patience::{PATIENCE, wait_for};
use crate::support::raw::{Connection, Request, Response};
use crate::support::setup::{Running, Setup};
use crate::support::tls::{Client, Pair};

/// A gateway for `gw.test` and `*.wide.test`, and for `other.test` by a certificate of its own.
fn start() -> Running {
    start_with("")
}

fn start_with(server: &str) -> Running {
    let mut setup = Setup::new();
    let own = Pair::write(setup.directory(), "own", "own-ec", "gw.test,*.wide.test,127.0.0.1");
    let other = Pair::write(setup.directory(), "other", "other-ec", "other.test");
    setup.config.server += &format!(
        "{server}[server.tls]\nlisten = \"127.0.0.1:0\"\n{}[[server.tls.sni]]\nnames = [\"other.test\"]\n{}",
        own.settings(),
        other.settings()
    );
    setup.start()
}

fn ask(running: &Running, sni: &str, host: &str) -> Response {
    let socket = Client::asking(sni, &[]).connect(running.gateway.tls.unwrap()).unwrap();
    let mut connection = Connection::over(socket);
    connection.send(&Request::get("/public/x").with("Host", host).bytes());
    connection.response().unwrap()
}

#[test]
fn a_request_over_tls_is_one_like_any_other() {
    let running = start();
    let token = running.new_token("alice");
    for version in rustls::ALL_VERSIONS {
        let client = Client::with_versions("gw.test", &["http/1.1"], &[version]);
        let mut connection = Connection::over(client.connect(running.gateway.tls.unwrap()).unwrap());
        for _ in 0..2 {
            let chunks = "3\r\nabc\r\n0\r\n\r\n";
            let request = Request::new("POST", "/api/x").with("Transfer-Encoding", "chunked").body(chunks);
            connection.send(&request.bearer(&token).bytes());
            let answer = connection.response().unwrap();
            assert_eq!((answer.status, answer.value("Connection")), (200, "keep-alive".into()), "{}", answer.shown());
        }
    }
    let seen = running.upstream().since(0).pop().unwrap();
    assert_eq!(seen.value("X-Forwarded-Proto"), "https");
    assert_eq!((seen.value("X-Forwarded-For"), seen.value("X-Auth-Subject")), ("127.0.0.1".into(), "alice".into()));
}

#[test]
fn a_name_chooses_its_certificate() {
    let running = start();
    let address = running.gateway.tls.unwrap();
    for (name, key, hosts) in [
        ("gw.test", "own-ec", "gw.test,*.wide.test,127.0.0.1"),
        ("a.wide.test", "own-ec", "gw.test,*.wide.test,127.0.0.1"),
        ("other.test", "other-ec", "other.test"),
        // Nobody's name, and none: the first certificate shows what is wrong.
        ("strange.test", "own-ec", "gw.test,*.wide.test,127.0.0.1"),
        ("127.0.0.1", "own-ec", "gw.test,*.wide.test,127.0.0.1"),
    ] {
        let shown = Client::asking(name, &[]).shown(address).unwrap();
        let body = certificate(key, hosts);
        // Signatures differ, what is signed does not.
        assert_eq!(shown[8..200], body[8..200], "{name}");
    }
}

#[test]
fn a_host_of_another_certificate_is_421() {
    let running = start();
    for (sni, host) in [("gw.test", "gw.test"), ("gw.test", "a.wide.test:8443"), ("other.test", "OTHER.test")] {
        assert_eq!(ask(&running, sni, host).status, 200, "{sni} {host}");
    }
    assert_eq!(ask(&running, "127.0.0.1", "127.0.0.1").status, 200);
    let before = running.upstream().count();
    for (sni, host) in [
        ("gw.test", "other.test"),
        ("other.test", "gw.test"),
        ("gw.test", "wide.test"),
        ("gw.test", "a.b.wide.test"),
        ("strange.test", "gw.test"),
        ("strange.test", "strange.test"),
        ("127.0.0.1", "other.test"),
    ] {
        let answer = ask(&running, sni, host);
        assert_eq!(answer.status, 421, "{sni} {host}: {}", answer.shown());
    }
    assert_eq!(running.upstream().count(), before);
    let counted = || running.gateway.metric("doorward_requests_total", &["misdirected"]);
    wait_for("the count", || (counted() == 7.0).then_some(()));
}

#[test]
fn new_certificates_are_taken_and_connections_live_on() {
    let running = start();
    let (address, directory) = (running.gateway.tls.unwrap(), running.setup.directory());
    let client = Client::asking("gw.test", &[]);
    let mut kept = Connection::over(client.connect(address).unwrap());
    let mut is_answered = || {
        kept.send(&Request::get("/public/x").bytes());
        kept.response().unwrap().status == 200
    };
    assert!(is_answered());
    let first = client.shown(address).unwrap();

    fs::write(directory.join("own.pem"), "-----BEGIN CERTIFICATE-----\nhalf").unwrap();
    let told = running
        .gateway
        .log
        .wait(PATIENCE, |line| field(line, "message").is_some_and(|message| message.contains("cannot be used")));
    assert!(told.is_some(), "a bad certificate is not logged");
    assert_eq!(client.shown(address).unwrap(), first);
    assert_eq!(running.gateway.metric("doorward_certificate_reloads_total", &["failed"]), 1.0);

    Pair::write_until(directory, "own", "next-ec", "gw.test", "20500101000000Z");
    wait_for("the next certificate", || (client.shown(address).unwrap() != first).then_some(()));
    assert!(is_answered(), "a connection was lost");
    let expires = running.gateway.metric("doorward_certificate_expires_seconds", &["gw.test"]);
    assert_eq!(expires, 2_524_608_000.0);
}

#[test]
fn a_reload_brings_certificates_with_it_or_nothing() {
    let mut running = start();
    let (address, directory) = (running.gateway.tls.unwrap(), running.setup.directory().to_owned());
    let shown = |name: &str| Client::asking(name, &[]).shown(address).unwrap();
    let (own, server) = (shown("gw.test"), running.setup.config.server.clone());
    assert_eq!(shown("third.test"), own);

    let third = Pair::write(&directory, "third", "third-ec", "third.test");
    fs::remove_file(&third.key).unwrap();
    running.setup.config.server = format!("{server}[[server.tls.sni]]\n{}", third.settings());
    running.setup.write();
    running.gateway.signal("HUP");
    let refused = running.gateway.log.wait(PATIENCE, |line| field(line, "level") == Some("ERROR"));
    assert!(refused.unwrap().to_string().contains("third.key cannot be read"));
    assert_eq!(shown("third.test"), own);

    Pair::write(&directory, "third", "third-ec", "third.test");
    running.gateway.signal("HUP");
    wait_for("the third certificate", || (shown("third.test") != own).then_some(()));
    assert_eq!(shown("gw.test"), own);
}

#[test]
fn a_handshake_has_its_time() {
    let running = start_with("handshake_timeout = \"300ms\"\n");
    let address = running.gateway.tls.unwrap();
    // Who only looks whether somebody is there has failed at nothing.
    drop(Connection::open(address));
    let mut silent = Connection::open(address);
    let mut half = Connection::open(address);
    half.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    assert!(silent.is_closed_within(PATIENCE) && half.is_closed_within(PATIENCE));
    wait_for("the count", || {
        (running.gateway.metric("doorward_connections_dropped_total", &["tls-timeout"]) == 2.0).then_some(())
    });
    assert_eq!(running.gateway.metric("doorward_connections_dropped_total", &["tls-handshake"]), 0.0);
}

#[test]
fn plain_http_on_the_tls_port_is_400() {
    let running = start();
    let mut connection = Connection::open(running.gateway.tls.unwrap());
    connection.send(&Request::get("/public/x").bytes());
    let answer = connection.response().unwrap();
    assert_eq!((answer.status, &answer.json()["title"]), (400, &"The request cannot be read".into()));
    assert!(connection.is_closed_within(Duration::from_secs(5)));
}

#[test]
fn files_are_checked_before_they_are_used() {
    let check = |change: &dyn Fn(&Pair) -> String| {
        let mut setup = Setup::new();
        let pair = Pair::write(setup.directory(), "own", "own-ec", "gw.test");
        setup.config.server += &format!("[server.tls]\nlisten = \"127.0.0.1:0\"\n{}", change(&pair));
        let output = run(&["check", "--config", setup.write().to_str().unwrap()]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(check(&Pair::settings), (Some(0), String::new()));
    let missing = check(&|pair| pair.settings().replace("own.key", "none.key"));
    assert!(missing.0 == Some(1) && missing.1.contains("none.key cannot be read"), "{}", missing.1);
    let garbage = check(&|pair| {
        fs::write(&pair.certificate, "garbage").unwrap();
        pair.settings()
    });
    assert!(garbage.0 == Some(1) && garbage.1.contains("holds no certificate in PEM"), "{}", garbage.1);
    let foreign = check(&|pair| {
        let other = Pair::write(pair.key.parent().unwrap(), "other", "other-ec", "gw.test");
        fs::copy(&other.key, &pair.key).unwrap();
        pair.settings()
    });
    assert!(foreign.0 == Some(1) && foreign.1.contains("does not belong to"), "{}", foreign.1);
    let expired = check(&|pair| {
        Pair::write_until(pair.key.parent().unwrap(), "own", "own-ec", "gw.test", "20210101000000Z").settings()
    });
    assert!(expired.0 == Some(0) && expired.1.contains("has expired"), "{}", expired.1);
    let odd = check(&|pair| format!("names = [\"a b\"]\n{}", pair.settings()));
    assert!(odd.0 == Some(1) && odd.1.contains("not a host name"), "{}", odd.1);
}
