//! `docs/doctor.md`.

use std::collections::BTreeSet;

use regex::Regex;

use super::{names, page, rows};

#[test]
fn every_check_is_on_its_page_and_no_other() {
    let doctor = page("docs/doctor.md");
    let checks = doctor.split("## What is looked at").nth(1).unwrap();
    let documented: BTreeSet<String> = rows(checks).map(|row| names(&row[0]).remove(0)).collect();
    let name = Regex::new(r#"=> "([a-z]+(?:-[a-z]+)*)","#).unwrap();
    let source = page("src/doctor/check.rs");
    let written: BTreeSet<String> = name.captures_iter(&source).map(|found| found[1].to_owned()).collect();
    assert!(written.len() > 30, "{written:?}");
    assert_eq!(documented, written);
}
