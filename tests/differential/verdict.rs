//! Holds what the servers saw against what the gateway judged.

use std::collections::HashMap;

use serde_json::Value;

use super::servers::{Reading, Seen};
use crate::support::recorder::Recorded;

/// The gateway's own log line of a request.
#[derive(Clone, Debug)]
pub struct Judged {
    method: String,
    path: String,
    host: String,
    subject: String,
    user: String,
}

/// The identity fields that the gateway sends for a subject.
pub type Identities = HashMap<String, Vec<String>>;

impl Judged {
    /// Id and fields of a line, where it is one of a request that has an upstream.
    pub fn of(line: &[u8]) -> Option<(String, Self)> {
        let line: Value = serde_json::from_slice(line).ok()?;
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        if line["target"] != "doorward::request" || text("upstream").is_empty() {
            return None;
        }
        let path = text("path");
        let cut = text("route").ends_with("/cut/*").then(|| path.strip_prefix("/cut").unwrap_or(&path).to_owned());
        let judged = Self {
            method: text("method"),
            path: cut.unwrap_or(path),
            host: text("host"),
            subject: text("subject"),
            user: text("user_id"),
        };
        Some((text("request_id"), judged))
    }

    /// What a server may not see otherwise.
    fn fault(&self, seen: &Seen, identities: &Identities) -> Option<&'static str> {
        let path = seen.target.split('?').next().unwrap_or_default();
        let host = seen.host.rsplit_once(':').map_or(&*seen.host, |(name, port)| {
            if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { &seen.host }
        });
        let expected = identities.get(&self.subject).cloned().unwrap_or_default();
        let user = format!("x-auth-user-id={}", self.user);
        let faults = [
            (seen.method != self.method, "method"),
            (path != self.path, "path"),
            (host != self.host, "host"),
            (seen.identity != expected, "identity"),
            (!self.user.is_empty() && !seen.identity.contains(&user), "user"),
        ];
        faults.into_iter().find_map(|(wrong, what)| wrong.then_some(what))
    }
}

/// What is wrong with a server's reading of one connection, if anything is. `whole` says that a last request was put
/// behind it.
pub fn faults(
    recorded: &[Recorded],
    reading: &Reading,
    whole: bool,
    judged: &HashMap<String, Judged>,
    identities: &Identities,
) -> Option<String> {
    if recorded.is_empty() {
        return None;
    }
    if whole && reading.refused.is_none() && !reading.in_step {
        return Some(format!("it is out of step behind {} requests: {:?}", reading.seen.len(), reading.refused));
    }
    // Of a request that broke off, a server may have seen the head; and complains of the rest, or says nothing.
    let counts = if recorded.iter().all(|request| request.complete) {
        recorded.len()..=recorded.len()
    } else {
        recorded.len() - 1..=recorded.len()
    };
    if !counts.contains(&reading.seen.len()) {
        return Some(format!("it saw {} requests, {} were sent", reading.seen.len(), recorded.len()));
    }
    for (seen, sent) in reading.seen.iter().zip(recorded) {
        if sent.value("x-request-id") != seen.id {
            return Some(format!("it saw {seen:?} where another request was sent"));
        }
        let Some(judged) = judged.get(&seen.id) else {
            return Some(format!("it saw {seen:?}, which the gateway never judged"));
        };
        if let Some(what) = judged.fault(seen, identities) {
            return Some(format!("it saw another {what}: {seen:?}, judged {judged:?}"));
        }
        if sent.line() != format!("{} {} HTTP/1.1", seen.method, seen.target) {
            return Some(format!("it saw another request line: {seen:?}, sent {}", sent.line()));
        }
        if seen.body.is_some_and(|length| !sent.complete || length != body_length(sent)) {
            return Some(format!("it saw another body: {seen:?}"));
        }
    }
    None
}

fn body_length(sent: &Recorded) -> u64 {
    use crate::support::http::{Framing, dechunked, framing};
    match framing(&sent.head, Framing::Length(0)) {
        Framing::Chunked => dechunked(&sent.body).len() as u64,
        _ => sent.body_length,
    }
}
