//! Who may enter a route, from the keys of its section.

use std::time::Duration;

use super::server::seconds;
use crate::config::raw::Section;
use crate::config::{Fault, name};
use crate::policy::{Requirements, Rule};

/// Reads the rule. A route is protected unless it says otherwise, and a public one asks for nothing.
pub(super) fn read<'s>(section: &'s Section<'s>) -> Option<Rule> {
    let is_public = section.parsed_or("access", false, access);
    let requirements = requirements(section);
    if !is_public? {
        return Some(Rule::Protected(requirements));
    }
    for entry in REQUIREMENTS.iter().filter_map(|key| section.entry(key)) {
        let problem = "a public route asks for nothing, so this would not be looked at";
        entry.complain(Fault::new(problem, r#"remove it, or remove access = "public""#));
    }
    Some(Rule::Public)
}

fn requirements<'s>(section: &'s Section<'s>) -> Requirements {
    Requirements {
        any_role: section.names("any_role"),
        all_roles: section.names("all_roles"),
        any_permission: section.names("any_permission"),
        all_permissions: section.names("all_permissions"),
        any_scope: section.names("any_scope"),
        all_scopes: section.names("all_scopes"),
        audience: section.parsed("audience", name::parse),
        acr: section.names("acr"),
        max_age: section.optional_duration("max_age", Duration::ZERO..=seconds(365 * 24 * 3600)),
        strict: section.flag("strict", false),
    }
}

/// Whether the route is public.
fn access(text: &str) -> Result<bool, Fault> {
    match text {
        "public" => Ok(true),
        "protected" => Ok(false),
        _ => Err(Fault::new("not a kind of access", r#"take "public" or "protected", which is the default"#)),
    }
}

const REQUIREMENTS: [&str; 10] = [
    "any_role",
    "all_roles",
    "any_permission",
    "all_permissions",
    "any_scope",
    "all_scopes",
    "audience",
    "acr",
    "max_age",
    "strict",
];
