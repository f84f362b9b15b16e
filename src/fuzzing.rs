//! What the fuzz targets call, and what must hold for any bytes; `fuzz/corpus` holds their corpora. No part of
//! a build that is not for tests or fuzzing.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use jsonwebtoken::Algorithm;

use crate::config::Settings;
use crate::identity::KeySet;
use crate::problem::{Problem, Rejection};
use crate::request::{CanonicalPath, Host, Incoming, Peer, RawHead, TrustedProxies};
use crate::routing::{HostPattern, PathPattern};

/// A target: any bytes, and it neither panics nor breaks its law.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its folder in `fuzz/corpus`.
pub const TARGETS: [(&str, Target); 8] = [
    ("head", crate::listener::fuzz_head),
    ("incoming", incoming),
    ("patterns", patterns),
    ("config", config),
    ("token", crate::identity::fuzz_token),
    ("keys", keys),
    ("cookies", crate::forward::fuzz_cookies),
    ("problem", problem),
];

/// Runs a target.
pub fn run(name: &str, bytes: &[u8]) {
    for (_, target) in TARGETS.iter().filter(|(known, _)| *known == name) {
        target(bytes);
    }
}

/// A request line of method and target, then fields, a line each.
fn incoming(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut first = lines.next().unwrap_or_default().splitn(2, |byte| *byte == b' ');
    let method = String::from_utf8_lossy(first.next().unwrap_or_default()).into_owned();
    let target = first.next().unwrap_or_default();
    let mut fields = HeaderMap::new();
    for line in lines {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            fields.append(name, value);
        }
    }
    let head = RawHead { method: &method, target, fields: &fields, authority: None };
    let peer = Peer { address: IpAddr::from([127, 0, 0, 1]), tls: false };
    let Ok(read) = Incoming::parse(head, peer, &TrustedProxies::default()) else { return };
    // What is judged is what came.
    let query = read.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    assert_eq!(format!("{}{query}", read.path).as_bytes(), target);
    assert_eq!(read.method.name(), method);
    assert_eq!(fields.get_all(http::header::HOST).iter().count(), 1);
    assert!(read.path.segments().all(|segment| segment != "." && segment != ".."));
}

/// A pattern, a path and a host, a line each.
fn patterns(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(4, '\n');
    let mut next = || lines.next().unwrap_or_default();
    if let (Ok(pattern), Ok(path)) = (PathPattern::parse(next()), CanonicalPath::parse(next())) {
        // What is below a pattern is below every pattern that it begins with.
        let _ = pattern.matches(&path);
        assert!(pattern.is_same(&pattern) && pattern.begins_with(&pattern));
    }
    if let (Ok(pattern), Ok(host)) = (HostPattern::parse(next()), Host::parse(next())) {
        let _ = pattern.matches(&host);
    }
}

fn config(bytes: &[u8]) {
    let env = |name: &str| (name == "SECRET").then(|| "secret".to_owned());
    if let Err(complaints) = Settings::from_text("fuzz.toml", &String::from_utf8_lossy(bytes), &env) {
        assert!(!complaints.to_string().is_empty());
    }
}

fn keys(bytes: &[u8]) {
    // That it returns is all that is asked of it.
    let _ = KeySet::parse(bytes, &[Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]);
}

/// The id of a request and what it was refused for.
fn problem(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (id, path) = text.split_once('\n').unwrap_or((&text, ""));
    let Err(error) = CanonicalPath::parse(path) else { return };
    let problem = Problem::render(&Rejection::Request(error.into()), id);
    assert!(
        serde_json::from_str::<serde_json::Value>(&problem.body)
            .is_ok_and(|body| body.get("instance").is_some_and(|name| name == id))
    );
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_corpora_of_the_fuzz_targets_find_nothing() {
        for (name, target) in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
            let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
            assert!(!files.is_empty(), "{name}");
            for file in files {
                let bytes = std::fs::read(&file).unwrap();
                // And cut off anywhere, which is as good as many more of them.
                (0..=bytes.len().min(600)).for_each(|end| target(&bytes[..end]));
                target(&bytes);
            }
        }
    }
}
