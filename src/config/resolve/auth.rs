//! `[auth]`.

use std::time::Duration;

use super::server::seconds;
use crate::config::raw::Section;
use crate::config::{Auth, Fault, Throttling, web_url};
use crate::request::CanonicalPath;
use crate::routing::PathPattern;

/// Reads the section.
pub(super) fn read<'s>(section: &'s Section<'s>) -> Option<Auth> {
    let auth = Auth {
        password_login: section.flag("password_login", false),
        test_endpoints: section.flag("test_endpoints", false),
        require_verified_email: section.flag("require_verified_email", false),
        cors_origins: section.list("cors_origins", web_url::parse_origin).unwrap_or_default(),
        refresh_replay: section.duration("refresh_replay", seconds(5), Duration::ZERO..=seconds(60)),
        throttle: Throttling {
            login_window: section.duration("login_window", seconds(60), seconds(1)..=seconds(3600)),
            login_tries_per_name: section.number("login_tries_per_name", 10, 1..=1000),
            login_tries_per_address: section.number("login_tries_per_address", 100, 1..=100_000),
            refused_tokens_per_address: section.number("refused_tokens_per_address", 100, 1..=100_000),
            validations_per_caller: section.number("validations_per_caller", 600, 1..=1_000_000),
        },
        prefix: section.parsed_or("prefix", "/auth".to_owned(), prefix)?,
    };
    if let Some(entry) = section.entry("password_login").filter(|_| auth.password_login) {
        let problem = "passwords pass through the gateway, which RFC 9700 §2.4 forbids";
        entry.warn(Fault::new(problem, "let browsers log in at Keycloak; keep this for development and tests"));
    }
    if let Some(entry) = section.entry("test_endpoints").filter(|_| auth.test_endpoints) {
        let problem = "anybody gets a token of the gateway's own client";
        entry.warn(Fault::new(problem, "never turn this on where others can reach the gateway"));
    }
    Some(auth)
}

/// Literal segments without a slash at the end.
fn prefix(text: &str) -> Result<String, Fault> {
    let literal = PathPattern::parse(text).is_ok() && CanonicalPath::parse(text).is_ok();
    match literal && !text.ends_with('/') && !text.contains(['*', '%']) {
        true => Ok(text.to_owned()),
        false => {
            Err(Fault::new("not a plain path below the root", r#"write it as in "/auth", without a slash at its end"#))
        }
    }
}
