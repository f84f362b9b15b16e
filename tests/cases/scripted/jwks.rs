//! The key endpoint fails, stalls, lies or is stormed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Script, assert_passes, status_of, unknown_kid};
use crate::support::issuer::{Answer, Issuer};
use crate::support::keys::{PUBLISHED, jwks};
use crate::support::patience::{wait_for, within};
use crate::support::raw::{Connection, Request};
use crate::support::setup::{Running, Setup};
use crate::support::sink::Sink;

pub const SCRIPTS: &[(&str, Script)] = &[
    ("JWKS-001", |expect| known_keys_survive(Answer::raw(404, "text/plain", "no"), expect)),
    ("JWKS-002", |expect| known_keys_survive(Answer::raw(500, "text/plain", "no"), expect)),
    ("JWKS-003", |expect| known_keys_survive(Answer::raw(200, "text/html", "<html>"), expect)),
    ("JWKS-007", |expect| known_keys_survive(Answer::Bytes(50 << 20), expect)),
    ("JWKS-009", |expect| known_keys_survive(Answer::Drip(Duration::from_secs(1), jwks(&PUBLISHED)), expect)),
    ("JWKS-010", |expect| known_keys_survive(Answer::Hang, expect)),
    ("JWKS-012", redirected_to_a_stranger),
    ("JWKS-014", |expect| known_keys_survive(Answer::redirect("file:///etc/passwd"), expect)),
    ("JWKS-015", |_| keys_behind_a_bad_certificate("127.0.0.1")),
    ("JWKS-016", |_| keys_behind_a_bad_certificate("other.test")),
    ("JWKS-028", storm_of_unknown_kids),
    ("JWKS-029", crowd_at_a_cold_start),
    ("JWKS-030", published_after_it_was_asked_for),
    ("JWKS-034", |_| discovery_of_another_issuer()),
    ("JWKS-035", |_| keys_on_plain_http()),
];

/// Tokens under known keys go on passing, undelayed, while and after the endpoint answers like this.
fn known_keys_survive(answer: Answer, expect: &Value) {
    let running = Running::new();
    survive(&running, answer, expect);
}

fn survive(running: &Running, answer: Answer, expect: &Value) {
    assert_passes(running, &json!({}));
    // One good fetch before, so that what any first fetch needs is not laid at the door of the bad one.
    force_fetch(running);
    running.setup.issuer.certs(answer);
    let allowed = expect["max_rss_mb_growth"].as_u64().unwrap_or(64) * 1024;
    // A thread takes memory once; a gateway that is greedy is so always.
    let grown: Vec<u64> = measured_until(allowed, || memory_of_a_fetch(running));
    assert!(grown.iter().any(|grown| *grown <= allowed), "memory grew by {grown:?} KiB, allowed are {allowed}");
    assert_passes(running, &json!({ "header_set": { "alg": "ES256", "kid": "ec-1" }, "key": "ec-1" }));
}

/// Measures up to three times, until what was measured is allowed.
pub(super) fn measured_until(allowed: u64, measure: impl Fn() -> u64) -> Vec<u64> {
    let mut measured = Vec::new();
    while measured.len() < 3 && !measured.last().is_some_and(|last| *last <= allowed) {
        measured.push(measure());
    }
    measured
}

/// By how many KiB the gateway's memory grows while it fetches the keys; nobody waits for that.
fn memory_of_a_fetch(running: &Running) -> u64 {
    running.gateway.grown_by(|| {
        let given = running.setup.issuer.given();
        force_fetch(running);
        let began = Instant::now();
        assert_passes(running, &json!({}));
        let took = began.elapsed();
        assert!(took < Duration::from_millis(700), "a token under a known key waited {took:?} for a fetch");
        wait_for("the end of the fetch", || (running.setup.issuer.given() > given).then_some(()));
        let fetched = began.elapsed();
        assert!(fetched < Duration::from_secs(10), "one fetch took {fetched:?}");
        assert_passes(running, &json!({}));
    })
}

/// Asks for a key that no set has, until the gateway fetches the keys.
pub(super) fn force_fetch(running: &Running) {
    let before = running.setup.issuer.fetches();
    wait_for("a fetch of the keys", || {
        let token = unknown_kid(running);
        let status = status_of(running, &token);
        assert!([401, 503].contains(&status), "an unknown kid gave {status}");
        (running.setup.issuer.fetches() > before).then_some(())
    });
}

fn redirected_to_a_stranger(expect: &Value) {
    let sink = Sink::start();
    known_keys_survive(Answer::redirect(&format!("http://{}/", sink.address)), expect);
    assert_eq!(sink.calls(), 0, "followed a redirect to a stranger");
}

fn keys_behind_a_bad_certificate(host: &str) {
    let stranger = Issuer::start_tls(host);
    stranger.publish(&["tls-1"]);
    let forged = json!({ "header_set": { "kid": "tls-1" }, "key": "tls-1" });
    // Known keys first, then the bad certificate.
    let running = Running::new();
    running.setup.issuer.discovery("jwks_uri", json!(stranger.certs_url()));
    running.setup.issuer.certs(Answer::raw(404, "text/plain", "moved"));
    force_fetch(&running);
    wait_for("a call of the new address", || (stranger.connections() > 0).then_some(()));
    assert_passes(&running, &json!({}));
    let status = status_of(&running, &running.token(&forged));
    assert!([401, 503].contains(&status), "a token by a key from there gave {status}");
    // The bad certificate from the beginning: there are no keys.
    let setup = Setup::new();
    setup.issuer.discovery("jwks_uri", json!(stranger.certs_url()));
    setup.issuer.certs(Answer::raw(404, "text/plain", "moved"));
    let cold = setup.start_unready(&[]);
    assert_eq!(status_of(&cold, &cold.token(&forged)), 503);
    assert_eq!(stranger.paths(), Vec::<String>::new(), "spoke HTTP behind a bad certificate");
}

fn storm_of_unknown_kids(expect: &Value) {
    let running = Running::new();
    assert_passes(&running, &json!({}));
    let before = running.setup.issuer.fetches();
    let began = Instant::now();
    let bad = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = Connection::open(running.gateway.address);
                for _ in 0..1250 {
                    connection.send(&Request::get("/api/echo").bearer(&forged_kid()).bytes());
                    let refused = connection.response().is_ok_and(|answer| answer.status == 401);
                    bad.fetch_add(usize::from(!refused), Ordering::SeqCst);
                }
            });
        }
        for _ in 0..100 {
            assert_passes(&running, &json!({}));
        }
    });
    let allowed = expect["jwks_fetches_max"].as_u64().unwrap() as usize + began.elapsed().as_secs() as usize / 10;
    let fetches = running.setup.issuer.fetches() - before;
    assert!(fetches <= allowed, "{fetches} fetches of the keys, allowed are {allowed}");
    assert_eq!(bad.into_inner(), 0, "answers other than 401");
}

/// A token of a new kid whose signature nobody will look at.
fn forged_kid() -> String {
    use crate::support::keys::base64url;
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": uuid::Uuid::new_v4().to_string() });
    format!("{}.{}.{}", base64url(header.to_string()), base64url("{\"sub\":\"alice\"}"), base64url([1; 256]))
}

fn crowd_at_a_cold_start(expect: &Value) {
    let setup = Setup::new();
    setup.issuer.certs(Answer::Delay(Duration::from_millis(200), Box::new(Answer::Json(jwks(&PUBLISHED)))));
    let running = setup.start_unready(&[]);
    let request = Request::get("/api/echo").bearer(&running.new_token("alice"));
    let bad = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..1000 {
            let one = || {
                let passed = request.try_send(running.gateway.address).is_ok_and(|answer| answer.status == 200);
                bad.fetch_add(usize::from(!passed), Ordering::SeqCst);
            };
            thread::Builder::new().stack_size(256 * 1024).spawn_scoped(scope, one).unwrap();
        }
    });
    assert_eq!(bad.into_inner(), 0, "of 1000 good requests some did not pass");
    let fetches = running.setup.issuer.fetches();
    assert!(fetches as u64 <= expect["jwks_fetches_max"].as_u64().unwrap(), "{fetches} fetches of the keys");
}

fn published_after_it_was_asked_for(_: &Value) {
    let running = Running::new();
    let recipe = json!({ "header_set": { "kid": "new-1" }, "key": "new-1" });
    assert_eq!(status_of(&running, &running.token(&recipe)), 401);
    running.setup.issuer.publish(&["rsa-1", "ec-1", "new-1"]);
    let passed =
        within(Duration::from_secs(15), || (status_of(&running, &running.token(&recipe)) == 200).then_some(()));
    assert!(passed.is_some(), "the new key does not work 15 s after it was published");
}

fn discovery_of_another_issuer() {
    let setup = Setup::new();
    setup.issuer.discovery("issuer", json!(format!("{}/", setup.issuer.url())));
    let running = setup.start_unready(&[]);
    assert_eq!(status_of(&running, &running.new_token("alice")), 503);
    assert_eq!(running.upstream().count(), 0);
}

fn keys_on_plain_http() {
    let sink = Sink::start();
    let setup = Setup::with_issuer(Issuer::start_tls("127.0.0.1"));
    setup.issuer.discovery("jwks_uri", json!(format!("http://{}/jwks", sink.address)));
    let authority = setup.directory().join("authority.pem");
    let certificate = crate::support::keys::certificate("atk-ec", "127.0.0.1");
    std::fs::write(&authority, crate::support::keys::pem("CERTIFICATE", &certificate)).unwrap();
    let running = setup.start_unready(&[("SSL_CERT_FILE", authority.to_str().unwrap())]);
    assert_eq!(status_of(&running, &running.new_token("alice")), 503);
    wait_for("the discovery over TLS", || (!running.setup.issuer.paths().is_empty()).then_some(()));
    assert_eq!(sink.calls(), 0, "fetched the keys over plain HTTP");
}
