//! Where a server of PostgreSQL is, and as whom the gateway is there.

/// A database of a server, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an address; a path, where the server is asked over a socket of this machine.
    pub host: String,
    /// The port; of a socket, the number in its name.
    pub port: u16,
    /// The role that logs in.
    pub user: String,
    /// The database.
    pub database: String,
    /// Whether TLS is spoken, which always verifies the server's certificate and name.
    pub tls: bool,
}

impl Address {
    /// Whether nothing leaves this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let loopback = |host: &str| host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        self.host.starts_with('/') || self.host == "localhost" || loopback(&self.host)
    }
}
