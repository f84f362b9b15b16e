//! The real parts of the tests. Each is started once per run of `tools/test`, or by the first test that asks for it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "test code"
)]

mod http;
pub mod keycloak;
pub mod postgres;
