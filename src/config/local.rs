//! Where the listeners of a gateway are reached from its own machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Server;

impl Server {
    /// The one for requests.
    #[must_use]
    pub fn requests_here(&self) -> SocketAddr {
        here(self.listen)
    }

    /// The one for operators.
    #[must_use]
    pub fn operations_here(&self) -> SocketAddr {
        here(self.admin_listen)
    }
}

/// An address that listens everywhere is asked on loopback.
fn here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
