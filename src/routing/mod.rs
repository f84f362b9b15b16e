//! From a request to its route: host, then the most specific path, then the method.

mod route;

pub use route::{Route, Target, UpstreamHost, UpstreamTarget};

// HELPER: pattern.rs, methods.rs, table.rs
#[allow(missing_docs)]
#[derive(Debug)]
pub struct HostPattern;
#[allow(missing_docs)]
#[derive(Debug)]
pub struct PathPattern;
#[allow(missing_docs)]
#[derive(Debug)]
pub struct Methods;
