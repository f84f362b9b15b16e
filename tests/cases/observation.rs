//! What a case brought about, held against what it expects.

use std::time::Duration;

use regex::bytes::Regex;
use serde_json::Value;

use crate::case::{Doubts, Verdict};
use crate::prose;
use crate::support::http::find;
use crate::support::raw::Response;
use crate::support::recorder::Recorded;
use crate::support::words::Words;

/// What was seen on every side of the gateway.
pub struct Observation {
    /// The answer, or why there was none.
    pub response: Result<Response, String>,
    /// From the first byte sent to the last received.
    pub took: Duration,
    /// Whether the gateway ended the connection, where that was asked.
    pub closed: Option<bool>,
    /// What reached the upstream.
    pub upstream: Vec<Recorded>,
    /// What was logged.
    pub log: Vec<u8>,
    /// How often the keys were fetched.
    pub fetches: usize,
    /// Calls to addresses that nobody may call.
    pub strangers: usize,
    /// By how much the resident memory grew, in KiB.
    pub memory_growth: u64,
    /// Whether the gateway still serves others.
    pub alive: bool,
}

impl Observation {
    /// Whether the answer came in the time that the case allows.
    pub fn is_in_time(&self, expect: &Value) -> bool {
        expect["max_ms"].as_u64().is_none_or(|allowed| self.took.as_millis() <= u128::from(allowed))
    }

    /// Whether it took no more memory than the case allows.
    pub fn is_in_memory(&self, expect: &Value) -> bool {
        expect["max_rss_mb_growth"].as_u64().is_none_or(|allowed| self.memory_growth <= allowed * 1024)
    }

    /// Everything that the case expects, and what holds for every request that passes.
    pub fn judge(&self, expect: &Value, words: &Words) -> Verdict {
        let mut doubts = Doubts::default();
        self.judge_answer(expect, &mut doubts);
        self.judge_upstream(expect, &mut doubts);
        self.judge_log(expect, words, &mut doubts);
        self.judge_cost(expect, &mut doubts);
        doubts.unless(self.alive, || "the gateway no longer answers others".into());
        doubts.verdict(|| self.shown())
    }

    fn judge_answer(&self, expect: &Value, doubts: &mut Doubts) {
        let allowed: Vec<u64> = expect["status"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        let status = self.status();
        let others: Vec<&str> = texts(&expect["status"]).collect();
        let came = |other: &str| self.response.as_ref().is_err_and(|came| came.starts_with(other));
        // The library ends the connection for fields that are no fields at all, which is more than was asked for.
        let instead = |other: &&str| came(other) || came(&other.replace("RST_STREAM", "GOAWAY"));
        let any = allowed.is_empty() && others.is_empty();
        doubts.unless(any || allowed.contains(&u64::from(status)) || others.iter().any(instead), || {
            format!("expected status {allowed:?} {others:?}")
        });
        if let (401, Some(challenge)) = (status, expect["www_authenticate"].as_str()) {
            let given = self.response.as_ref().map_or(String::new(), |answer| answer.value("www-authenticate"));
            doubts
                .unless(prose::challenge_fits(challenge, &given), || format!("expected WWW-Authenticate: {challenge}"));
        }
        for forbidden in texts(&expect["forbid_response"]) {
            let body = self.response.as_ref().map_or(&[][..], |answer| &answer.body);
            doubts.unless(find(body, forbidden.as_bytes()).is_none(), || format!("the body must not hold {forbidden}"));
        }
        if let Ok(answer) = &self.response {
            let origins = answer.values("access-control-allow-origin");
            let open = origins.iter().any(|origin| origin == "*" || origin.contains("evil"));
            doubts.unless(!open || status < 400, || "a refusal must not be readable by any origin".into());
        }
        doubts.unless(self.closed != Some(false), || "expected the connection to be closed".into());
    }

    fn judge_upstream(&self, expect: &Value, doubts: &mut Doubts) {
        let status = self.status();
        match expect["upstream"].as_str() {
            Some("none") => doubts.unless(self.upstream.is_empty(), || "expected nothing at the upstream".into()),
            Some("forwarded") if (200..300).contains(&status) => {
                let once = matches!(&self.upstream[..], [request] if request.complete);
                doubts.unless(once, || "expected one whole request at the upstream".into());
            }
            Some("forwarded") => {
                doubts.unless(self.upstream.is_empty(), || "refused, yet something reached the upstream".into());
            }
            Some("incomplete") => {
                let cut = self.upstream.iter().all(|request| !request.complete);
                doubts.unless(cut, || "expected no whole request at the upstream".into());
            }
            _ => {}
        }
        let bytes = self.upstream_bytes();
        for forbidden in texts(&expect["forbid_upstream"]) {
            doubts.unless(!regex(forbidden).is_match(&bytes), || format!("the upstream must not see {forbidden}"));
        }
        for required in texts(&expect["require_upstream"]).filter(|_| !self.upstream.is_empty()) {
            let holds =
                prose::upstream_fits(required, &self.upstream).unwrap_or_else(|| regex(required).is_match(&bytes));
            doubts.unless(holds, || format!("the upstream must see: {required}"));
        }
        for request in &self.upstream {
            prose::always(request, doubts);
        }
    }

    fn judge_log(&self, expect: &Value, words: &Words, doubts: &mut Doubts) {
        for forbidden in texts(&expect["log_forbid"]) {
            let found = if forbidden.starts_with("raw ") {
                self.log.iter().any(|byte| *byte < b' ' && *byte != b'\n')
            } else {
                let expanded = words.expand(forbidden).unwrap_or_else(|_| forbidden.to_owned());
                regex(&expanded).is_match(&self.log)
            };
            doubts.unless(!found, || format!("the log must not hold {forbidden}: {}", self.log.escape_ascii()));
        }
    }

    fn judge_cost(&self, expect: &Value, doubts: &mut Doubts) {
        doubts.unless(self.is_in_time(expect), || format!("expected within {} ms", expect["max_ms"]));
        if let Some(allowed) = expect["jwks_fetches_max"].as_u64() {
            doubts.unless(self.fetches as u64 <= allowed, || format!("expected at most {allowed} fetches of the keys"));
        }
        doubts.unless(self.is_in_memory(expect), || {
            let (allowed, grown) = (&expect["max_rss_mb_growth"], self.memory_growth);
            format!("expected at most {allowed} MB more memory, not {grown} KiB")
        });
        doubts.unless(self.strangers == 0, || "called an address that a token named".into());
    }

    fn status(&self) -> u16 {
        self.response.as_ref().map_or(0, |answer| answer.status)
    }

    fn upstream_bytes(&self) -> Vec<u8> {
        self.upstream.iter().flat_map(Recorded::bytes).collect()
    }

    fn shown(&self) -> String {
        let answer = match &self.response {
            Ok(answer) => answer.shown(),
            Err(error) => format!("no answer ({error})"),
        };
        let short = |text: String| text.chars().take(1500).collect::<String>();
        let upstream = self.upstream_bytes().escape_ascii().to_string();
        format!("came after {:?}: {}\n    upstream: {}", self.took, short(answer), short(upstream))
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn regex(pattern: &str) -> Regex {
    let compiled = Regex::new(&format!("(?m-u){pattern}"));
    compiled.unwrap_or_else(|_| Regex::new(&format!("(?-u){}", regex::escape(pattern))).unwrap())
}
