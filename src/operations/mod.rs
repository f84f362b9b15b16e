//! `/livez`, `/readyz` and `/metrics`, on a listener of their own: no road leads from here to an upstream.

mod health;
mod server;

pub use health::{Health, Readiness};
pub use server::Operations;
