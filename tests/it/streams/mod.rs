//! A request that goes on ends when what let it in is no longer true.

mod ended;
mod stay;
pub mod world;
