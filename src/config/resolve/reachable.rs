//! What must hold between routes: each can be reached, and each request finds one.

use crate::config::raw::Section;
use crate::config::{Auth, Fault, Upstream};
use crate::policy::{Requirements, Rule};
use crate::request::{CanonicalPath, Method};
use crate::routing::{PathPattern, Route, Target};

/// A route with the section that it was read from.
pub(super) type Written<'s> = (&'s Section<'s>, Route);

/// Complains of routes that are never reached, and warns of those that may be passed by.
pub(super) fn check<'s>(routes: &[Written<'s>], upstreams: &[Upstream], auth: Option<&Auth>) {
    let reserved = auth.and_then(|auth| PathPattern::parse(&auth.prefix).ok());
    for (position, written) in routes.iter().enumerate() {
        refuse_twin(written, routes.iter().take(position));
        refuse_reserved(written, reserved.as_ref());
        refuse_unreachable(written);
        refuse_without_upgrade(written, upstreams);
        warn_of_trailing_slash(written, routes);
        warn_of_encoded_slash(written, routes);
    }
}

fn refuse_twin<'r, 's: 'r>((section, route): &Written<'s>, before: impl Iterator<Item = &'r Written<'s>>) {
    for (twin, other) in before.filter(|(_, other)| other.host == route.host && other.path.is_same(&route.path)) {
        let common = route.methods.in_common(other.methods);
        if !common.is_empty() {
            let problem =
                format!("the [[route]] of line {} is for the same host, path and method ({common})", twin.line());
            complain(section, "path", Fault::new(problem, "remove one, or give them different `methods`"));
        }
    }
}

fn refuse_reserved((section, route): &Written<'_>, reserved: Option<&PathPattern>) {
    if let Some(prefix) = reserved.filter(|prefix| route.path.begins_with(prefix)) {
        let problem = format!("never reached: below {prefix} are the gateway's own endpoints");
        complain(section, "path", Fault::new(problem, "take another path, or set [auth] prefix"));
    }
}

fn refuse_unreachable((section, route): &Written<'_>) {
    let Target::Upstream(target) = &route.target else { return };
    if route.path.has_encoded_slash() && !target.encoded_slash {
        let problem = "never reached: a request with an encoded slash is refused";
        complain(section, "path", Fault::new(problem, "set encoded_slash = true, or take another path"));
    }
    if target.websocket && !route.methods.contains(Method::Get) {
        let problem = "never opened: a WebSocket begins with GET (RFC 6455 §4.1)";
        complain(section, "websocket", Fault::new(problem, "add GET to `methods`, or remove it"));
    }
}

fn refuse_without_upgrade((section, route): &Written<'_>, upstreams: &[Upstream]) {
    let Target::Upstream(target) = &route.target else { return };
    if target.websocket && upstreams.iter().any(|upstream| upstream.name == target.upstream && upstream.http2) {
        let problem = "never opened: its upstream has http2 = true, and HTTP/2 knows no upgrade (RFC 9113 §8.6)";
        let remedy = "name an [[upstream]] without http2 for WebSockets, or remove it";
        complain(section, "websocket", Fault::new(problem, remedy));
    }
}

/// `/admin` does not take `/admin/`, which most applications serve all the same.
fn warn_of_trailing_slash((section, route): &Written<'_>, routes: &[Written<'_>]) {
    let Some(path) = with_trailing_slash(&route.path) else { return };
    let takers = routes.iter().filter(|(_, other)| other.host == route.host && other.path.matches(&path));
    let taker = takers.max_by_key(|(_, other)| other.path.to_string().len());
    if let Some((_, taker)) = taker.filter(|(_, taker)| is_looser(&taker.rule, &route.rule)) {
        let problem = format!("\"{path}\" goes to \"{}\", which asks for something else", taker.label);
        let remedy = format!("write \"{}/*\", or a route for it", route.path);
        if let Some(entry) = section.entry("path") {
            entry.warn(Fault::new(problem, remedy));
        }
    }
}

/// The path with a slash at its end, where the pattern names one path only.
fn with_trailing_slash(pattern: &PathPattern) -> Option<CanonicalPath> {
    CanonicalPath::parse(&format!("{pattern}/")).ok().filter(|_| !pattern.is_prefix())
}

/// `/files/private%2Fx` is one segment here, and may be two to an application.
fn warn_of_encoded_slash((section, route): &Written<'_>, routes: &[Written<'_>]) {
    let carries = matches!(&route.target, Target::Upstream(target) if target.encoded_slash) && route.path.is_prefix();
    let below = |other: &Route| {
        other.host == route.host && other.path.begins_with(&route.path) && !other.path.is_same(&route.path)
    };
    let inner = routes.iter().find(|(_, other)| below(other) && is_looser(&route.rule, &other.rule));
    if let Some(((_, inner), entry)) = inner.zip(section.entry("encoded_slash")).filter(|_| carries) {
        let problem = format!("with %2F a request for \"{}\" can be written so that it comes here", inner.label);
        entry.warn(Fault::new(problem, "make sure that the upstream does not decode it into a slash"));
    }
}

/// Whether the one may let in whom the other does not.
fn is_looser(one: &Rule, other: &Rule) -> bool {
    let asks_nothing = *other == Rule::Protected(Requirements::default());
    match one {
        _ if *other == Rule::Public => false,
        Rule::Public => true,
        Rule::Protected(_) => one != other && !asks_nothing,
    }
}

fn complain<'s>(section: &'s Section<'s>, key: &'static str, fault: Fault) {
    match section.entry(key) {
        Some(entry) => entry.complain(fault),
        None => section.complain(fault),
    }
}
