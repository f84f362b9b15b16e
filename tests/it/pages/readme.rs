//! The configuration in `README.md`.

use std::process::Stdio;

use super::page;
use crate::support::gateway::doorward;

#[test]
fn the_configuration_in_the_readme_is_right() {
    let readme = page("README.md");
    let text = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("doorward.toml");
    std::fs::write(&file, text).unwrap();
    let checked = doorward(["check".as_ref(), "--config".as_ref(), file.as_os_str()])
        .env("KEYCLOAK_SECRET", "secret")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(checked.stderr.is_empty(), "{}", String::from_utf8_lossy(&checked.stderr));
}
