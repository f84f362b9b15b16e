//! Doorward: an authentication gateway in front of existing services.
//!
//! A request travels through the modules in the order in which they are listed here; `docs/architecture.md`
//! tells the story. The library exists for the binary, the tests and the benches of this repository; its
//! interface is not stable.

pub mod clock;
pub mod id;
pub mod patience;
pub mod rotating;
pub mod unwind;

pub mod request;
pub mod routing;

pub mod forward;
pub mod gateway;
pub mod identity;
pub mod policy;
pub mod problem;
pub mod rights;
pub mod standing;
pub mod stay;

pub mod api;
pub mod listener;
pub mod operations;
pub mod proxy;
pub mod signals;
pub mod upstream;

pub mod accounts;
pub mod keycloak;
pub mod store;
pub mod streams;

mod sync;

#[cfg(test)]
pub(crate) mod fault;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;

pub mod app;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod metrics;
pub mod telemetry;
