//! Requests that live long, found by whatever a change can name: what a change touches is woken, and nothing else.

mod key;
mod registry;

pub use registry::{Registration, Streams};
