//! The tests that the threat model names.

use std::fs;
use std::path::Path;

use regex::Regex;

use super::page;

#[test]
fn every_promise_of_the_threat_model_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["src", "tests"] {
        read_all(&root.join(folder), &mut sources);
    }
    let row = Regex::new(r"(?m)^\| [^|]+ \| `([^`]+)` \|$").unwrap();
    let text = page("docs/threat-model.md");
    let names: Vec<&str> = row.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let found = match name.strip_prefix("cargo test --test ") {
            Some(binary) => root.join("tests").join(binary).join("main.rs").exists(),
            None => sources.contains(&format!("fn {name}(")),
        };
        assert!(found, "there is no test {name}");
    }
}

fn read_all(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
