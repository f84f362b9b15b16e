//! A wrong secret is found, and no secret is ever told.

use serde_json::json;

use super::clinic::Clinic;
use crate::support::setup::write_secret;

#[test]
fn a_wrong_secret_is_found_and_no_secret_is_told() {
    let clinic = Clinic::with(|realm| realm["clients"][0]["directAccessGrantsEnabled"] = json!(true));
    let _gateway = clinic.start();
    let mut told = String::new();
    for arguments in [&["--json"][..], &[], &["--probe"], &["--json", "--probe", "--admin-user", "admin"]] {
        let seen = clinic.look(arguments, "admin-password-4711\n");
        told += &(seen.output + &seen.errors);
    }
    let secret = clinic.path("client-secret");
    write_secret(&secret, "mark-secret-4711");
    let seen = clinic.examine(&[]);
    assert_eq!((seen.verdict("client"), seen.code), ("fail".into(), Some(1)), "{}", seen.output);
    assert!(
        seen.advises("client", "client-secret") && seen.advises("client", secret.to_str().unwrap()),
        "{}",
        seen.output
    );
    told += &(seen.output + &seen.errors);
    for word in ["doorward-secret", "4711", "Dw1!", "eyJ"] {
        assert!(!told.contains(word), "{word} is told: {told}");
    }
}
