//! Cases that are a story in words: one function each, found by the id of the case.

mod caches;
mod config;
mod corpus;
mod http2;
mod jwks;
mod key_sets;
mod logging;
mod logins;
mod resource;
mod responses;
mod tls;
mod websocket;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use crate::case::{Case, Verdict};
use crate::support::raw::Request;
use crate::support::setup::Running;

type Script = fn(&Value);

/// Runs the script of a case; a failed assertion is a wrong case.
pub fn judge(case: &Case) -> Verdict {
    let Some(script) = find(case.id()) else {
        return Verdict::NotRun("no script is written for it".into());
    };
    match catch_unwind(AssertUnwindSafe(|| script(&case.entry["expect"]))) {
        Ok(()) => Verdict::Right,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Verdict::Wrong(vec![text.unwrap_or_else(|| "panicked".into())])
        }
    }
}

fn find(id: &str) -> Option<Script> {
    let tables = [
        jwks::SCRIPTS,
        key_sets::SCRIPTS,
        config::SCRIPTS,
        corpus::SCRIPTS,
        http2::SCRIPTS,
        responses::SCRIPTS,
        resource::SCRIPTS,
        tls::SCRIPTS,
        websocket::SCRIPTS,
        caches::SCRIPTS,
        logins::SCRIPTS,
        logging::SCRIPTS,
        FLOWS,
    ];
    tables.concat().into_iter().find(|(name, _)| *name == id).map(|(_, script)| script)
}

const FLOWS: &[(&str, Script)] = &[("JWT-322", a_user_without_a_row)];

fn a_user_without_a_row(_: &Value) {
    let running = Running::new();
    let answer = running.send_as("ghost", Request::get("/api/echo"));
    assert_eq!(answer.status, 403, "{}", answer.shown());
    assert_eq!(running.upstream().count(), 0, "it reached the upstream");
}

/// A token under a `kid` that no set has, new each time.
fn unknown_kid(running: &Running) -> String {
    let kid = format!("never-{}", uuid::Uuid::new_v4());
    running.token(&json!({ "header_set": { "kid": kid } }))
}

/// The status for a token on `/api/echo`.
fn status_of(running: &Running, token: &str) -> u16 {
    running.gateway.send(Request::get("/api/echo").bearer(token)).status
}

/// Asserts that a new token by a key of the set passes.
fn assert_passes(running: &Running, recipe: &Value) {
    let answer = running.gateway.send(Request::get("/api/echo").bearer(&running.token(recipe)));
    assert_eq!(answer.status, 200, "a token by a known key is refused: {}", answer.shown());
}

/// Asserts that a token is refused with 401 and reaches nobody.
fn assert_unauthorized(running: &Running, recipe: &Value) {
    let before = running.upstream().count();
    let answer = running.gateway.send(Request::get("/api/echo").bearer(&running.token(recipe)));
    assert_eq!(answer.status, 401, "expected 401: {}", answer.shown());
    assert_eq!(running.upstream().count(), before, "it reached the upstream");
}
