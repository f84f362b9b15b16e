//! The gateway's own endpoints, under one prefix: one table makes routes, answers and the OpenAPI document.

mod call;
mod endpoint;
mod error;
mod json_body;
mod login;
mod me;
mod openapi;
mod parts;
mod table;

pub use call::{Call, Reply};
pub use endpoint::Endpoint;
pub use error::ApiError;
pub use parts::Parts;
pub use table::Api;
