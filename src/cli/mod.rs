//! cli.

pub mod check;
pub mod failure;
pub mod migrate;
pub mod output;
pub mod permissions;
pub mod roles;
pub mod users;
