//! cli.

pub mod failure;
pub mod migrate;
pub mod output;
pub mod permissions;
pub mod roles;
mod user_record;
pub mod users;
