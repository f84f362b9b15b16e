//! No derived `Debug` shows what is secret or personal: found in the sources, because one that nobody prints today is
//! printed by the next error.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

#[test]
fn no_derived_debug_shows_a_field_that_is_secret_or_personal() {
    let derived = Regex::new(r"(?s)#\[derive\([^)]*Debug[^)]*\)\](.*?)\n(?:\}|\S[^\n]*;)\n").unwrap();
    let field = Regex::new(SHOWN).unwrap();
    let mut found = vec![];
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let text = fs::read_to_string(&file).unwrap();
        for item in derived.captures_iter(&text) {
            let fields =
                field.find_iter(&item[1]).map(|shown| format!("{}: {}", file.display(), shown.as_str().trim()));
            found.extend(fields);
        }
    }
    found.retain(|line| !HARMLESS.iter().any(|harmless| line.ends_with(harmless)));
    assert!(found.is_empty(), "derived Debug shows\n{}", found.join("\n"));
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let mut all: Vec<PathBuf> =
        files.into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")).collect();
    all.extend(folders.iter().flat_map(|folder| sources(folder)));
    all
}

/// A field by whose name something secret or personal is in it, of a type that shows it.
const SHOWN: &str = r"(?m)^\s+(?:pub(?:\([^)]*\))? )?\w*(?:email|phone|first_name|last_name|password|secret|token|cookie|code|query|body|payload)\w*: [^\n]*(?:String|str|HeaderValue|Bytes|Vec<u8>|HeaderMap)\b[^\n]*";

/// What is named like something else.
const HARMLESS: &[&str] =
    &["src/problem/render.rs: pub body: String,", "src/keycloak/events.rs: pub token_id: Option<String>,"];
