//! The real parts of the tests. Each is started once per run of `tools/test`, or by the first test that asks for it.

pub mod keycloak;
pub mod postgres;
