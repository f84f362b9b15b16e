//! From a TOML file to `Settings`, with every complaint at once.

mod algorithm;
mod complaints;
mod duration;
mod fault;
mod fixed;
mod load;
mod local;
mod name;
mod network;
mod postgres_url;
mod raw;
mod resolve;
mod secret;
mod settings;
mod shown;
mod size;
mod source;
mod web_url;

pub use complaints::{Complaint, Complaints};
pub use fixed::Fixed;
pub use secret::{Secret, SecretError, SecretSource};
pub use settings::{
    Auth, CertificateFiles, Client, Database, Health, Issuer, Provision, Revocation, Server, ServerUrl, Settings,
    Throttling, Tls, Upstream, Users, WhenBlind,
};
pub use source::{Read, Source};

use fault::Fault;

#[cfg(test)]
mod tests;
