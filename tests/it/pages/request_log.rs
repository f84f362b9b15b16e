//! `docs/request-log.md`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{names, page, rows};
use crate::support::patience::PATIENCE;
use crate::support::raw::Request;
use crate::support::setup::Running;

#[test]
fn every_field_of_a_line_is_on_its_page_with_its_type() {
    let page = page("docs/request-log.md");
    let documented: BTreeMap<String, String> =
        rows(&page).map(|row| (names(&row[0]).remove(0), row[1].clone())).collect();
    let running = Running::new();
    running.send_as("alice", Request::get("/api/items"));
    running.gateway.send(Request::get("/public/../items"));
    for route in ["/api/*", ""] {
        let line = running.gateway.log.wait(PATIENCE, |line| line["message"] == "request" && line["route"] == route);
        assert_eq!(fields(&line.expect("a line")), documented, "route {route:?}");
    }
}

#[test]
fn the_line_that_the_page_shows_has_every_field() {
    let page = page("docs/request-log.md");
    let shown: Value = page.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap();
    let documented: Vec<String> = rows(&page).map(|row| names(&row[0]).remove(0)).collect();
    assert_eq!(fields(&shown).into_keys().collect::<Vec<_>>(), sorted(documented));
}

fn fields(line: &Value) -> BTreeMap<String, String> {
    let kind = |value: &Value| if value.is_number() { "number" } else { "text" };
    line.as_object().unwrap().iter().map(|(name, value)| (name.clone(), kind(value).to_owned())).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
