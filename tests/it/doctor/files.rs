//! The file itself, certificates, and applications.

use std::net::TcpListener;

use super::clinic::Clinic;
use crate::keycloak::world::text;
use crate::support::gateway::free_address;
use crate::support::tls::Pair;

#[test]
fn a_wrong_file_is_every_complaint_with_its_remedy_and_nothing_else() {
    let mut clinic = Clinic::open();
    clinic.replace("audience = \"doorward\"", "audiense = \"doorward\"");
    let seen = clinic.examine(&[]);
    let findings = seen.findings();
    assert!(findings.iter().all(|one| one["check"] == "configuration" && one["verdict"] == "fail"), "{}", seen.output);
    assert!(seen.output.contains("audiense") && seen.output.contains("did you mean"), "{}", seen.output);
    assert_eq!(seen.code, Some(1));
}

#[test]
fn a_certificate_that_has_expired_or_soon_will_is_found() {
    let mut clinic = Clinic::open();
    let listen = free_address();
    for (until, verdict) in [("20200101000000Z", "fail"), ("20991231000000Z", "ok")] {
        let pair = Pair::write_until(clinic.directory(), "own", "own-ec", "gw.test", until);
        let tls = format!("[server.tls]\nlisten = \"{listen}\"\n{}\n[keycloak]", pair.settings());
        let before = clinic.config.clone();
        clinic.config = clinic.config.replacen("[keycloak]", &tls, 1);
        let seen = clinic.examine(&[]);
        clinic.config = before;
        let found = seen.only("certificate");
        assert_eq!((text(&found, "verdict"), text(&found, "about")), (verdict, "gw.test"), "{}", seen.output);
    }
}

#[test]
fn an_application_that_is_away_is_found() {
    let mut clinic = Clinic::open();
    let (nobody, url) = (free_address(), clinic.upstream.url());
    clinic.replace(&format!("[\"{url}\"]"), &format!("[\"{url}\", \"http://{nobody}\"]"));
    assert_eq!(clinic.examine(&[]).verdict("upstream"), "warn");
    clinic.replace(&format!("\"{url}\", "), "");
    let away = clinic.examine(&[]);
    assert_eq!((away.verdict("upstream"), away.code), ("fail".into(), Some(1)), "{}", away.output);
    assert!(text(&away.only("upstream"), "message").contains(&nobody.to_string()), "{}", away.output);
    let back = TcpListener::bind(nobody).unwrap();
    assert_eq!(clinic.examine(&[]).verdict("upstream"), "ok");
    drop(back);
}
