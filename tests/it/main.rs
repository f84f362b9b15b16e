//! What a user of the gateway sees, over real sockets: a folder per topic, a sentence per test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "test code"
)]

#[allow(dead_code, reason = "shared by two test binaries")]
#[path = "../support/mod.rs"]
mod support;

mod auth_api;
mod command_line;
mod dev;
mod doctor;
mod explain;
mod forwarding;
mod keycloak;
mod leaks;
mod listener;
mod nodes;
mod operations;
mod pages;
mod pipeline;
mod postgres;
mod proof;
mod reload;
mod revocation;
mod streams;
mod supply;
mod tokens;
mod users;
