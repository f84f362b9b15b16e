//! Every `[[upstream]]`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::uri::PathAndQuery;

use super::server::{seconds, takes};
use crate::config::raw::{Entry, Section};
use crate::config::{Fault, Health, Server, ServerUrl, Upstream, name, web_url};

/// Reads every section; none where one is wrong.
pub(super) fn read<'s>(sections: &'s [Section<'s>], server: Option<&Server>) -> Option<Vec<Upstream>> {
    let upstreams: Vec<_> = sections.iter().map(|section| section.read(|section| one(section, server))).collect();
    let mut names = Vec::new();
    for entry in sections.iter().filter_map(|section| section.entry("name")) {
        let Some(name) = entry.text() else { continue };
        if names.contains(&name) {
            entry.complain(Fault::new("another upstream has this name", "give each a name of its own"));
        }
        names.push(name);
    }
    upstreams.into_iter().collect()
}

fn one<'s>(section: &'s Section<'s>, gateway: Option<&Server>) -> Option<Upstream> {
    let name = section.needed_parsed("name", "write how routes name it", name::parse_label);
    section.needed("servers", r#"write a list such as ["http://127.0.0.1:3000"]"#);
    let servers = section.filled_list("servers", web_url::parse_server);
    let written = section.entry("servers").and_then(|entry| entry.quiet_elements()).unwrap_or_default();
    for entry in written {
        refuse_loop(entry, gateway);
    }
    let limits = seconds(1) / 10..=seconds(3600);
    let health = section.entry("health").map(|entry| health(section, entry));
    Some(Upstream {
        connect_timeout: section.duration("connect_timeout", seconds(2), limits.clone()),
        write_timeout: section.duration("write_timeout", seconds(60), limits.clone()),
        idle_timeout: section.duration("idle_timeout", seconds(60), limits),
        http2: section.flag("http2", false),
        max_waiting: section.number("max_waiting", 2500, 1..=1_000_000),
        name: name?.into(),
        servers: servers?,
        health: health.map_or(Some(None), |read| read.map(Some))?,
    })
}

fn health<'s>(section: &'s Section<'s>, entry: Entry<'s>) -> Option<Health> {
    let remedy = r#"write { path = "/healthz" }"#;
    let Some(table) = section.inline(entry) else {
        return entry.refuse(Fault::new("not how servers are checked", remedy));
    };
    table.read(|table| {
        let limits = seconds(1) / 10..=seconds(3600);
        let count = |key, default| u32::try_from(table.number(key, default, 1..=100)).ok();
        let (up, down) = (count("up", 2), count("down", 3));
        let interval = table.duration("interval", seconds(5), limits.clone());
        let timeout = table.duration("timeout", seconds(2), limits);
        let path = table.needed_parsed("path", remedy, health_path);
        Some(Health { path: path?, interval, timeout, up: up?, down: down? })
    })
}

fn health_path(text: &str) -> Result<String, Fault> {
    match PathAndQuery::try_from(text) {
        Ok(_) if text.starts_with('/') => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(Fault::new("not a path", r#"write it as in "/healthz""#)),
    }
}

/// A gateway that forwards to itself goes round until something breaks.
fn refuse_loop(entry: Entry<'_>, gateway: Option<&Server>) {
    let server = entry.text().and_then(|text| web_url::parse_server(text).ok());
    let (Some(gateway), Some(server)) = (gateway, server) else { return };
    let reaches = |listener| addresses(&server).into_iter().any(|address| takes(listener, address));
    let public = gateway.public_url.as_ref();
    let is_public =
        public.is_some_and(|url| web_url::parse_server(url.as_str().trim_end_matches('/')) == Ok(server.clone()));
    if reaches(gateway.listen) || gateway.tls.as_ref().is_some_and(|tls| reaches(tls.listen)) || is_public {
        entry.complain(Fault::new("this is the gateway itself", "write where the application listens"));
    } else if reaches(gateway.admin_listen) {
        let problem = "this is the gateway's own admin_listen, which clients must not reach";
        entry.complain(Fault::new(problem, "write where the application listens"));
    }
}

/// The addresses that are known without asking anybody.
fn addresses(server: &ServerUrl) -> Vec<SocketAddr> {
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let hosts = match server.host.parse() {
        Ok(address) => vec![address],
        Err(_) if server.host == "localhost" => loopback.to_vec(),
        Err(_) => Vec::new(),
    };
    hosts.into_iter().map(|host| SocketAddr::new(host, server.port)).collect()
}
