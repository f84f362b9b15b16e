//! The token API in front of the development realm: log in, call, refresh, log out, validate.

mod away;
mod bodies;
mod client_token;
mod login;
mod logout;
mod me;
mod races;
mod refresh;
mod services;
mod throttle;
mod validate;

use crate::support::house::{House, kind};
use crate::support::patience::PATIENCE;
use crate::support::raw::Response;

/// Asserts status and kind of a refusal.
fn assert_refused(answer: &Response, status: u16, name: &str) {
    assert_eq!((answer.status, kind(answer).as_str()), (status, name), "{}", answer.shown());
    assert_eq!(answer.value("cache-control"), "no-store");
}

/// Asserts that the log has a line of a request with this reason.
fn assert_logged(house: &House, path: &str, reason: &str) {
    let line = house.gateway.log.wait(PATIENCE, |line| line["path"] == path && line["reason"] == reason);
    assert!(line.is_some(), "no line of {path} with {reason}:\n{}", house.gateway.log.text());
}
