//! Whether the applications can be reached from here.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::{Check, Finding, Remedy};
use crate::config::{ServerUrl, Upstream};

/// One finding an upstream.
pub async fn upstreams(upstreams: &[Upstream]) -> Vec<Finding> {
    join_all(upstreams.iter().map(examine)).await
}

async fn examine(upstream: &Upstream) -> Finding {
    let tried = join_all(upstream.servers.iter().map(|server| connect(server, upstream.connect_timeout))).await;
    let away: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
    let (all, check) = (upstream.servers.len(), Check::Upstream);
    let see = Remedy::advice("see that the application runs there");
    let named = Remedy::setting(format!("[[upstream]] name = \"{}\", servers", upstream.name));
    let finding = match away.len() {
        0 if all == 1 => Finding::ok(check, "its server takes connections"),
        0 => Finding::ok(check, format!("all {all} servers take connections")),
        some if some < all => {
            Finding::warn(check, format!("{some} of {all} servers cannot be reached: {}", away.join("; ")))
                .remedy(see)
                .remedy(named)
        }
        _ => Finding::fail(check, format!("no server can be reached: {}", away.join("; "))).remedy(see).remedy(named),
    };
    finding.about(&upstream.name)
}

/// Connects, and says why not.
async fn connect(server: &ServerUrl, patience: Duration) -> Result<(), String> {
    let name = format!("{}:{}", server.host, server.port);
    let addresses = match timeout(LOOK_UP, lookup_host((server.host.as_str(), server.port))).await {
        Ok(Ok(addresses)) => addresses.collect::<Vec<_>>(),
        Ok(Err(_)) | Err(_) => return Err(format!("{name}: nobody knows that name")),
    };
    let mut why = format!("{name}: nobody knows that name");
    for address in addresses {
        why = match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => format!("{name}: {error}"),
            Err(_) => format!("{name}: no answer within {}", humantime::format_duration(patience)),
        };
    }
    Err(why)
}

const LOOK_UP: Duration = Duration::from_secs(5);
