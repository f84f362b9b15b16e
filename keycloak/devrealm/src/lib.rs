//! The development realm: the endpoints of Keycloak that a gateway uses, in one process on loopback.
//!
//! It reads the realm file that a real Keycloak imports and answers with the statuses, texts and claims that were
//! measured on Keycloak 26.7.3. Passwords are compared in plain text in memory and every fault of a network can be
//! asked for: it is for development and tests and binds to loopback only.

mod answer;
mod authorization;
mod backchannel;
mod brute_force;
mod call;
mod client;
mod client_auth;
mod clock;
mod codes;
mod endpoint;
mod endpoints;
mod error;
mod events;
mod faults;
mod fields;
mod inner;
mod jws;
mod keys;
mod options;
mod page;
mod password_policy;
mod payload;
mod placeholders;
mod profile;
mod proof;
mod random;
mod realm;
mod representation;
mod requests;
mod roles;
mod routes;
mod scope;
mod server;
mod session;
mod settings;
mod signing_key;
mod state;
mod tokens;
mod totp;
mod user;
mod users;

pub use endpoint::Endpoint;
pub use error::Error;
pub use faults::{Fault, Faults};
pub use keys::Keys;
pub use options::Options;
pub use realm::{DevUser, Realm};
pub use requests::Requests;

/// The realm that a real Keycloak imports too; it holds no people.
pub const REALM_JSON: &str = include_str!("../../realm.json");

/// The people of the development realm, as a partial import.
pub const USERS_JSON: &str = include_str!("../../users.dev.json");
