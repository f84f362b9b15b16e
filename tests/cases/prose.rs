//! Expectations that the case file states in words.

use crate::case::Doubts;
use crate::support::recorder::Recorded;

/// Whether a challenge is the one that is asked for.
pub fn challenge_fits(asked: &str, given: &str) -> bool {
    match asked {
        "Bearer realm (no error code)" => given.starts_with("Bearer realm=\"") && !given.contains("error="),
        _ => {
            let error = asked.find("error=").map_or(asked, |at| &asked[at..]);
            given.starts_with("Bearer ") && given.contains(error)
        }
    }
}

/// Whether what reached the upstream fits a sentence; `None` where it is not one of the known ones.
pub fn upstream_fits(sentence: &str, upstream: &[Recorded]) -> Option<bool> {
    let all = |fits: fn(&Recorded) -> bool| Some(upstream.iter().all(fits));
    match sentence {
        "all X-User-* set by the gateway still there" => all(has_identity),
        "identity headers and framing intact if forwarded" => {
            all(|request| has_identity(request) && is_framed_once(request))
        }
        "X-Forwarded-For / -Proto / -Host / -Port rebuilt from the real connection" => all(is_forwarded_afresh),
        "if forwarded: exactly one Content-Length in plain decimal" => all(has_plain_length),
        _ => named_field_fits(sentence, upstream),
    }
}

/// `exactly one NAME, …`, `NAME absent or empty` and `NAME: <sub of alice>`.
fn named_field_fits(sentence: &str, upstream: &[Recorded]) -> Option<bool> {
    let every = |fits: &dyn Fn(&Recorded) -> bool| upstream.iter().all(fits);
    if let Some(rest) = sentence.strip_prefix("exactly one ") {
        let name = rest.split([',', ' ']).next()?;
        let ours = |values: &[String]| values.len() == 1 && (name != "X-Auth-Roles" || values[0] == "user");
        return Some(every(&|request| ours(&request.values(name))));
    }
    if let Some(name) = sentence.strip_suffix(" absent or empty") {
        return Some(every(&|request| request.values(name).iter().all(String::is_empty)));
    }
    let (name, person) = sentence.strip_suffix('>')?.split_once(": <")?;
    let person = person.trim_start_matches("sub of ");
    Some(every(&|request| request.values(name) == [person]))
}

/// What holds for every request that passes, whatever the case is about.
pub fn always(request: &Recorded, doubts: &mut Doubts) {
    let line = request.line();
    let public = line.split(' ').nth(1).is_some_and(|path| path == "/public" || path.starts_with("/public/"));
    for name in IDENTITY {
        let count = request.values(name).len();
        doubts.unless(count == usize::from(!public), || format!("{name} came {count} times with {line}"));
    }
    doubts.unless(request.values("authorization").is_empty(), || "the token reached the upstream".into());
    doubts.unless(is_framed_once(request), || "host or framing came twice".into());
}

fn has_identity(request: &Recorded) -> bool {
    request.values("x-auth-subject") == ["alice"] && IDENTITY.iter().all(|name| request.values(name).len() == 1)
}

fn is_framed_once(request: &Recorded) -> bool {
    let count = |name| request.values(name).len();
    count("host") == 1 && count("content-length") + count("transfer-encoding") <= 1
}

fn is_forwarded_afresh(request: &Recorded) -> bool {
    let only = |name: &str, value: &str| request.values(name) == [value];
    let gone = ["forwarded", "x-forwarded-server", "x-forwarded-scheme", "front-end-https", "cf-connecting-ip"];
    only("x-forwarded-for", "127.0.0.1")
        && only("x-forwarded-proto", "http")
        && only("x-forwarded-host", "gw.test")
        && request.values("x-forwarded-port").iter().all(|port| port != "443")
        && gone.iter().all(|name| request.values(name).is_empty())
}

fn has_plain_length(request: &Recorded) -> bool {
    let lengths = request.values("content-length");
    lengths.len() == 1 && lengths[0].parse::<u64>().is_ok_and(|length| length.to_string() == lengths[0])
}

/// The headers that say who the caller is.
pub const IDENTITY: [&str; 6] =
    ["X-Auth-Subject", "X-Auth-User-Id", "X-Auth-Username", "X-Auth-Email", "X-Auth-Roles", "X-Auth-Permissions"];
