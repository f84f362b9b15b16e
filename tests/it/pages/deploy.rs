//! Keycloak's calls reach the gateway where the files that we ship start both.

use super::page;

#[test]
fn what_keycloak_calls_is_told_apart_from_what_browsers_call() {
    let realm = page("keycloak/realm.json");
    let called: Vec<&str> = realm
        .lines()
        .filter(|line| line.contains("\"adminUrl\"") || line.contains("\"backchannel.logout.url\""))
        .collect();
    assert!(called.len() >= 3, "{called:?}");
    assert!(called.iter().all(|line| line.contains("\"${DOORWARD_INTERNAL_URL:")), "{called:?}");
}

#[test]
fn a_keycloak_in_a_container_does_not_call_itself() {
    for file in ["deploy/compose.yaml", "keycloak/compose.yaml"] {
        let compose = page(file);
        let url = compose.lines().find_map(|line| line.trim().strip_prefix("DOORWARD_INTERNAL_URL: "));
        let url = url.unwrap_or_else(|| panic!("{file} does not say where Keycloak reaches the gateway"));
        assert!(!url.contains("127.0.0.1") && !url.contains("localhost"), "{file}: {url}");
    }
}
