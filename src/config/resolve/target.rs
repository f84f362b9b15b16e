//! How a route carries its requests to an upstream, from the keys of its section.

use std::sync::Arc;
use std::time::Duration;

use super::server::seconds;
use crate::config::raw::Section;
use crate::config::{Fault, name};
use crate::policy::Rule;
use crate::routing::{CloseCode, Outlive, PathPattern, UpstreamHost, UpstreamTarget};

/// Reads the target of a route with this path and rule.
pub(super) fn read<'s>(
    section: &'s Section<'s>,
    path: Option<&PathPattern>,
    rule: Option<&Rule>,
) -> Option<UpstreamTarget> {
    let upstream = section.needed_parsed("upstream", "write the name of an [[upstream]]", name::parse_label);
    let upstream_host = section.parsed_or("upstream_host", UpstreamHost::Keep, upstream_host);
    let strip_prefix = section.parsed("strip_prefix", |text| strip_prefix(text, path));
    let forward_token = section.flag("forward_token", false);
    if let Some(entry) = section.entry("forward_token").filter(|_| forward_token && rule == Some(&Rule::Public)) {
        let problem = "a public route reads no credentials and forwards none";
        entry.complain(Fault::new(problem, r#"remove it, or remove access = "public""#));
    }
    let websocket = section.flag("websocket", false);
    let close = section.choice("websocket_close", CloseCode::Policy, &CLOSE_CODES);
    if let Some(entry) = section.entry("websocket_close").filter(|_| !websocket && close != Some(CloseCode::Policy)) {
        entry.complain(Fault::new("this route takes no WebSocket", "remove it, or write websocket = true"));
    }
    Some(UpstreamTarget {
        strip_prefix,
        encoded_slash: section.flag("encoded_slash", false),
        forward_token,
        websocket,
        close: close?,
        outlive: outlive(section),
        timeout: section.duration("timeout", seconds(60), seconds(1) / 10..=seconds(24 * 3600)),
        max_body: section.size("max_body", 0..=1 << 40),
        upstream_host: upstream_host?,
        upstream: Arc::from(upstream?),
    })
}

/// How long a request that goes on may outlive its token.
fn outlive<'s>(section: &'s Section<'s>) -> Outlive {
    let outlives = section.flag("outlive_token", false);
    let grace = section.duration("expiry_grace", seconds(10), Duration::ZERO..=seconds(3600));
    if let Some(entry) = section.entry("expiry_grace").filter(|_| outlives) {
        let problem = "with outlive_token = true a request goes on in any case";
        entry.complain(Fault::new(problem, "remove one of the two"));
    }
    if outlives { Outlive::Always } else { Outlive::For(grace) }
}

fn upstream_host(text: &str) -> Result<UpstreamHost, Fault> {
    match text {
        "keep" => Ok(UpstreamHost::Keep),
        "upstream" => Ok(UpstreamHost::Upstream),
        _ => Err(Fault::new("not a way to name the host", r#"take "keep" or "upstream""#)),
    }
}

/// Whole literal segments with which the path of the route begins.
fn strip_prefix(text: &str, path: Option<&PathPattern>) -> Result<String, Fault> {
    let prefix = PathPattern::parse(text).ok().filter(|_| !text.ends_with(['/', '*']) && !text.contains('{'));
    let prefix = prefix.ok_or_else(|| {
        Fault::new("not whole segments of a path", r#"write it as in "/api", without a slash at its end"#)
    })?;
    match path.is_none_or(|path| path.begins_with(&prefix)) {
        true => Ok(text.to_owned()),
        false => Err(Fault::new("the path of the route does not begin with it", "take whole segments of `path`")),
    }
}

const CLOSE_CODES: [(u64, CloseCode); 2] = [(1008, CloseCode::Policy), (4401, CloseCode::Unauthorized)];
