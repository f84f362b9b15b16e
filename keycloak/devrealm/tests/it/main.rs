//! The development realm as its callers see it, over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod admin;
mod backchannel;
mod browser;
mod brute_force;
mod faults;
mod http;
mod introspection;
mod keys;
mod listener;
mod password;
mod refresh;
mod world;
