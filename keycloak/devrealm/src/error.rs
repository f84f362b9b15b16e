//! Why a development realm could not be started.

use std::net::SocketAddr;

/// Why a development realm could not be started or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The realm keeps passwords in plain text, so nobody but this machine may reach it.
    #[error("refused to listen on {0}: the development realm binds to loopback only")]
    NotLoopback(SocketAddr),
    /// The address is taken or not ours.
    #[error("could not listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The realm file is not what Keycloak would import.
    #[error("could not read the realm file")]
    RealmFile(#[source] serde_json::Error),
    /// The people file is not what Keycloak would import.
    #[error("could not read the users file")]
    UsersFile(#[source] serde_json::Error),
    /// Two people of the files share an id or a name.
    #[error("could not add user '{0}' twice")]
    TwiceTheUser(String),
    /// The cryptographic library gave no key.
    #[error("could not make a signing key")]
    KeyGeneration,
}
