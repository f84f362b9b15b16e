//! `[server]`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use crate::config::raw::Section;
use crate::config::{Fault, Server, network, web_url};

/// Reads the section.
pub(super) fn read<'s>(section: &'s Section<'s>) -> Option<Server> {
    let listen = section.needed_parsed("listen", r#"write an address such as "0.0.0.0:8000""#, address);
    let admin_listen = section.parsed_or("admin_listen", ADMIN_LISTEN, address);
    if listen.zip(admin_listen).is_some_and(|(listen, admin)| takes(listen, admin)) {
        let entry = section.entry("admin_listen").or_else(|| section.entry("listen"))?;
        entry.complain(Fault::new("both listeners would take one address", "give one of them another port"));
    }
    let tls = section.one("tls");
    let tls = tls.read(|tls| super::tls::read(tls, [listen, admin_listen]));
    Some(Server {
        tls: tls?,
        h2c: section.flag("h2c", false),
        public_url: section.parsed("public_url", web_url::parse_root),
        trusted_proxies: section.list("trusted_proxies", network::parse).unwrap_or_default(),
        threads: section.number("threads", cores(), 1..=1024),
        header_timeout: section.duration("header_timeout", seconds(10), SHORTEST..=seconds(300)),
        handshake_timeout: section.duration("handshake_timeout", seconds(10), SHORTEST..=seconds(300)),
        idle_timeout: section.duration("idle_timeout", seconds(60), SHORTEST..=seconds(3600)),
        max_header_size: usize::try_from(section.size("max_header_size", KIB..=MIB).unwrap_or(32 * KIB)).ok()?,
        max_headers: section.number("max_headers", 100, 1..=256),
        max_connections: section.number("max_connections", 10_000, 1..=1_000_000),
        max_connections_per_address: section.number("max_connections_per_address", 1000, 1..=1_000_000),
        max_streams: u32::try_from(section.number("max_streams", 100, 1..=10_000)).ok()?,
        shutdown_timeout: section.duration("shutdown_timeout", seconds(30), Duration::ZERO..=seconds(3600)),
        reload_on_change: section.flag("reload_on_change", true),
        listen: listen?,
        admin_listen: admin_listen?,
    })
}

/// Whether what connects to this address may end at this listener: the address itself, or one of this machine where
/// the listener takes them all. An unspecified address is connected to as loopback.
pub(super) fn takes(listener: SocketAddr, address: SocketAddr) -> bool {
    let (own, other) = (listener.ip().to_canonical(), address.ip().to_canonical());
    let is_local = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    let one_place = own == other || is_local(own) && is_local(other) && own.is_unspecified() | other.is_unspecified();
    listener.port() == address.port() && listener.port() != 0 && one_place
}

pub(super) fn address(text: &str) -> Result<SocketAddr, Fault> {
    text.parse().map_err(|_| {
        Fault::new("not an address with a port", r#"write it as in "0.0.0.0:8000", "127.0.0.1:8000" or "[::]:8000""#)
    })
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const ADMIN_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9180);
const SHORTEST: Duration = Duration::from_millis(100);
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
