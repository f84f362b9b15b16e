//! The gateway's own endpoints, under one prefix: one table makes routes, answers and the OpenAPI document.

mod access;
mod call;
mod caller;
mod client_token;
mod counters;
mod endpoint;
mod error;
mod flights;
mod json_body;
mod login;
mod login_name;
mod logout;
mod me;
mod network;
mod openapi;
mod parts;
mod refresh;
mod refresh_token;
mod seats;
mod signals;
mod table;
mod throttle;
mod throttle_metrics;
mod token_response;
mod turns;
mod unready;
mod validate;
mod validation;

pub use access::Access;
pub use call::{About, Call, Reply};
pub use endpoint::Endpoint;
pub use error::{ApiError, Counted};
pub use parts::{Kept, Parts};
pub use refresh_token::ForeignRefreshToken;
pub use table::{Api, access, routes};
pub use throttle_metrics::ThrottleMetrics;
