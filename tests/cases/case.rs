//! One entry of a case file, and what became of it.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// An entry.
pub struct Case {
    /// All of it.
    pub entry: Value,
}

/// What became of a case.
pub enum Verdict {
    /// Everything that was expected.
    Right,
    /// What was expected and what came, a line each.
    Wrong(Vec<String>),
    /// Why it was not run.
    NotRun(String),
}

/// The entries of a file; only those whose id or class begins with `only`, if given.
pub fn read(file: &Path, only: Option<&str>) -> Vec<Case> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let cases = entries.into_iter().map(|entry| Case { entry });
    cases.filter(|case| only.is_none_or(|only| case.id().starts_with(only) || case.class().starts_with(only))).collect()
}

impl Case {
    /// Its name.
    pub fn id(&self) -> &str {
        self.entry["id"].as_str().unwrap_or("?")
    }

    /// Its group.
    pub fn class(&self) -> &str {
        self.entry["class"].as_str().unwrap_or("?")
    }

    /// What it tries.
    pub fn title(&self) -> &str {
        self.entry["title"].as_str().unwrap_or_default()
    }

    /// Whether it is one token or one request.
    pub fn is_single(&self) -> bool {
        let request = self.entry.get("request");
        self.entry.get("token").is_some() || request.is_some_and(|request| request.get("load").is_none())
    }
}

/// Collects what is not as expected.
#[derive(Default)]
pub struct Doubts(Vec<String>);

impl Doubts {
    /// Notes `what` unless `holds`.
    pub fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    /// The verdict; what came is told where it was wrong.
    pub fn verdict(mut self, came: impl FnOnce() -> String) -> Verdict {
        if self.0.is_empty() {
            return Verdict::Right;
        }
        self.0.push(came());
        Verdict::Wrong(self.0)
    }
}
