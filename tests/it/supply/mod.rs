//! What the build takes from elsewhere, held against `deny.toml` without any tool but cargo. `make audit` looks closer.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn every_dependency_comes_from_crates_io_under_a_licence_of_the_list_and_none_is_banned() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules: toml::Table = toml::from_str(&std::fs::read_to_string(root.join("deny.toml")).unwrap()).unwrap();
    let texts = |list: &toml::Value, key: &str| -> Vec<String> {
        let text = |entry: &toml::Value| entry.get(key).unwrap_or(entry).as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(text).collect()
    };
    let allowed = texts(&rules["licenses"]["allow"], "id");
    let banned = texts(&rules["bans"]["deny"], "crate");
    let mut wrong = vec![];
    for package in packages(root) {
        let name = package["name"].as_str().unwrap();
        if package["source"] != CRATES_IO {
            wrong.push(format!("{name} comes from {}", package["source"]));
        }
        if banned.iter().any(|one| one == name) {
            wrong.push(format!("{name} is banned"));
        }
        let licence = package["license"].as_str().unwrap_or_default();
        if !Licence(licence).holds(&|one| allowed.iter().any(|known| known == one)) {
            wrong.push(format!("{name} has the licence {licence:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The dependencies on Linux, and not the workspace's own crates.
fn packages(root: &Path) -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    let cargo = cargo.current_dir(root).args(["metadata", "--format-version=1", "--locked", "--offline"]);
    let output = cargo.args(["--filter-platform", "x86_64-unknown-linux-gnu"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().clone();
    packages.into_iter().filter(|package| !package["source"].is_null()).collect()
}

/// An SPDX expression, or one of cargo's older ones with a slash.
struct Licence<'a>(&'a str);

impl Licence<'_> {
    /// Whether it can be met with licences that are allowed: `AND` binds more than `OR`.
    fn holds(&self, is_allowed: &dyn Fn(&str) -> bool) -> bool {
        let spaced = self.0.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        !words.is_empty() && any(&mut words.as_slice(), is_allowed)
    }
}

fn any(words: &mut &[&str], is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut holds = all(words, is_allowed);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        holds |= all(words, is_allowed);
    }
    holds
}

fn all(words: &mut &[&str], is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut holds = one(words, is_allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        holds &= one(words, is_allowed);
    }
    holds
}

fn one(words: &mut &[&str], is_allowed: &dyn Fn(&str) -> bool) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let holds = any(words, is_allowed);
            assert_eq!(words.first(), Some(&")"));
            *words = &words[1..];
            holds
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            is_allowed(&format!("{licence} WITH {exception}"))
        }
        [licence, rest @ ..] => {
            *words = rest;
            is_allowed(licence)
        }
        [] => false,
    }
}

#[test]
fn a_licence_is_met_by_any_choice_that_it_gives() {
    let holds = |text| Licence(text).holds(&|one| one == "MIT" || one == "ISC");
    assert!(holds("MIT") && holds("GPL-3.0 OR MIT") && holds("MIT/GPL-3.0") && holds("MIT AND (ISC OR GPL-3.0)"));
    assert!(!holds("GPL-3.0") && !holds("MIT AND GPL-3.0") && !holds("") && !holds("MIT WITH Something"));
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
