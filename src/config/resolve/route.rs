//! Every `[[route]]`.

use super::{reachable, rule, strict, target};
use crate::config::raw::{Section, nearest};
use crate::config::{Auth, Fault, Issuer, Upstream, web_url};
use crate::request::Method;
use crate::routing::{HostPattern, Methods, PathPattern, Route, Target};

/// Reads every section; none where one is wrong.
pub(super) fn read<'s, 'i>(
    sections: &'s [Section<'s>],
    (upstreams, upstreams_read): (&'s [Section<'s>], &[Upstream]),
    auth: Option<&Auth>,
    issuers: impl Iterator<Item = &'i Issuer>,
) -> Option<Vec<Route>> {
    let routes: Vec<_> = sections.iter().map(|section| (section, section.read(one))).collect();
    check_upstreams(sections, upstreams);
    let whole = routes.len();
    let routes: Vec<_> = routes.into_iter().filter_map(|(section, route)| Some((section, route?))).collect();
    reachable::check(&routes, upstreams_read, auth);
    strict::check(&routes, issuers);
    (routes.len() == whole).then(|| routes.into_iter().map(|(_, route)| route).collect())
}

fn one<'s>(section: &'s Section<'s>) -> Option<Route> {
    let host = section.parsed_or("host", HostPattern::Any, host);
    let path = section.needed_parsed("path", r#"write it as in "/admin/*" or "/admin""#, path);
    let methods = section.filled_list("methods", method);
    let rule = rule::read(section);
    let target = target::read(section, path.as_ref(), rule.as_ref());
    let cors_origins = section.list("cors_origins", web_url::parse_origin).unwrap_or_default();
    let (host, path) = (host?, path?);
    Some(Route {
        label: label(&host, &path, methods.as_deref()).into(),
        host,
        path,
        methods: methods.map_or_else(Methods::any, Methods::of),
        rule: rule?,
        target: Target::Upstream(target?),
        cors_origins,
    })
}

fn host(text: &str) -> Result<HostPattern, Fault> {
    let remedy = r#"write it as in "app.example.com" or "*.example.com"; without `host` a route is for every host"#;
    HostPattern::parse(text).map_err(|error| Fault::new(error.to_string(), remedy))
}

fn path(text: &str) -> Result<PathPattern, Fault> {
    let remedy = r#"write it as in "/admin", "/admin/*" or "/users/{id}""#;
    PathPattern::parse(text).map_err(|error| Fault::new(error.to_string(), remedy))
}

fn method(text: &str) -> Result<Method, Fault> {
    Method::from_name(text).ok_or_else(|| {
        let names = Method::ALL.map(Method::name);
        Fault::new("not a method that is carried", format!("take one of {}", names.join(", ")))
    })
}

fn label(host: &HostPattern, path: &PathPattern, methods: Option<&[Method]>) -> String {
    match methods {
        None => format!("{host}{path}"),
        Some(methods) => {
            format!("{} {host}{path}", methods.iter().map(|method| method.name()).collect::<Vec<_>>().join(","))
        }
    }
}

/// Every upstream that is named must exist; one that nobody names is worth a word.
fn check_upstreams<'s>(routes: &'s [Section<'s>], upstreams: &'s [Section<'s>]) {
    let text = |section: &'s Section<'s>, key| section.entry(key).and_then(|entry| entry.text());
    let known: Vec<&str> = upstreams.iter().filter_map(|section| text(section, "name")).collect();
    for entry in routes.iter().filter_map(|section| section.entry("upstream")) {
        if let Some(name) = entry.text().filter(|name| !known.contains(name)) {
            let remedy = nearest(name, known.iter().copied()).map_or_else(
                || format!("write an [[upstream]] with name = {name:?}"),
                |near| format!("did you mean {near:?}?"),
            );
            entry.complain(Fault::new("no [[upstream]] has this name", remedy));
        }
    }
    let named: Vec<&str> = routes.iter().filter_map(|section| text(section, "upstream")).collect();
    for entry in upstreams.iter().filter_map(|section| section.entry("name")) {
        if entry.text().is_some_and(|name| !named.contains(&name)) {
            entry.warn(Fault::new("no [[route]] leads to this upstream", "remove it, or write a route"));
        }
    }
}
