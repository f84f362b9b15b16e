//! `docs/errors.md` and the reasons of `docs/token-validation.md`.

use std::collections::BTreeSet;

use regex::Regex;

use super::{names, page, rows};

#[test]
fn every_kind_and_reason_of_the_code_is_on_the_pages_and_no_other() {
    let errors = page("docs/errors.md");
    let rows: Vec<_> = rows(&errors).filter(|row| row.len() == 5).collect();
    let documented: BTreeSet<String> = rows.iter().flat_map(|row| [names(&row[0]), names(&row[2])].concat()).collect();
    let written = literals(&facts());
    assert_eq!(documented, written);
}

#[test]
fn every_status_is_that_of_the_code() {
    let source = facts();
    let errors = page("docs/errors.md");
    let made = Regex::new(r#"(?s)new\(\s*(\d{3}),\s*"([a-z-]+)""#).unwrap();
    for found in made.captures_iter(&source) {
        let (status, kind) = (&found[1], &found[2]);
        let row = rows(&errors).find(|row| row[0] == format!("`{kind}`")).unwrap();
        assert_eq!(row[1], status, "{kind}");
    }
}

#[test]
fn every_reason_to_refuse_a_token_is_on_its_page_and_no_other() {
    let token = page("docs/token-validation.md");
    let tables = token.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let documented: BTreeSet<String> =
        tables.filter_map(|line| names(line).pop()).filter(|name| name != "reason").collect();
    assert_eq!(documented, literals(&page("src/identity/token/error.rs")));
}

/// The sources that say what a refusal is told.
fn facts() -> String {
    let parts = ["", "/answering", "/deciding", "/identifying", "/reading"];
    parts.iter().map(|part| page(&format!("src/problem/facts{part}.rs"))).collect()
}

/// The texts of a source that have the form of a kind or a reason.
fn literals(source: &str) -> BTreeSet<String> {
    let text = Regex::new(r#""([a-z]+(?:-[a-z]+)*)""#).unwrap();
    text.captures_iter(source).map(|found| found[1].to_owned()).collect()
}
