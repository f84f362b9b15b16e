//! Whole files: what is accepted, and what is said about mistakes.

use super::*;

const MINIMAL: &str = r#"
[server]
listen = "0.0.0.0:8000"

[keycloak]
issuer = "https://sso.example.com/realms/acme"
client_id = "doorward"
client_secret = { env = "KEYCLOAK_SECRET" }
audience = "doorward"

[[upstream]]
name = "app"
servers = ["http://127.0.0.1:3000"]

[[route]]
path = "/*"
upstream = "app"
"#;

fn env(name: &str) -> Option<String> {
    (name == "KEYCLOAK_SECRET").then(|| "hunter2".to_owned())
}

fn load(text: &str) -> Result<(Settings, Vec<Complaint>), Complaints> {
    Settings::from_text("x.toml", text, &env)
}

#[test]
fn the_least_file_is_enough() {
    let (settings, warnings) = load(MINIMAL).unwrap_or_else(|complaints| panic!("{complaints}"));
    assert_eq!(warnings, []);
    assert_eq!(&*settings.issuers[0].name, "acme");
    assert_eq!(settings.issuers[0].allowed_clients, ["doorward"]);
}
