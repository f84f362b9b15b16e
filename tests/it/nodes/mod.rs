//! Several gateways on one users database: what ended at one is refused by all when that is answered.

mod blind;
mod commands;
mod faults;
mod file;
mod lost;
mod together;
pub mod world;
