//! From a request to its route: host, then the most specific path, then the method.

mod cors;
mod host_pattern;
mod methods;
mod path_pattern;
mod route;
mod routes;
mod tree;

pub use cors::Cors;
pub use host_pattern::{HostPattern, HostPatternError};
pub use methods::Methods;
pub use path_pattern::{PathPattern, PathPatternError};
pub use route::{CloseCode, Outlive, Route, Target, UpstreamHost, UpstreamTarget};
pub use routes::{RouteError, Routes};
