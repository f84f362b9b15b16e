//! From a TOML file to `Settings`, with every complaint at once.

mod settings;

pub use settings::{Auth, Client, Database, Issuer, Provision, Server, ServerUrl, Settings, Upstream, Users};

// HELPER: secret.rs
#[allow(missing_docs)]
#[derive(Clone, Debug)]
pub struct Secret;
