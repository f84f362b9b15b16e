//! The servers of an upstream as its names say now, followed when they change.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;
use tracing::{info, warn};

use super::{Server, address};
use crate::config::ServerUrl;

/// Every address of every URL. A server whose address stays is the same value, with all that is known of it.
#[derive(Debug)]
pub(super) struct Servers {
    upstream: Arc<str>,
    urls: Vec<ServerUrl>,
    known: ArcSwap<Vec<Arc<Server>>>,
    /// The hosts that could not be looked up the last time.
    failing: Mutex<HashSet<String>>,
}

impl Servers {
    /// What can be told without asking: addresses in URLs, and the servers from before that are still meant.
    pub(super) fn new(upstream: Arc<str>, urls: Vec<ServerUrl>, before: Option<&Self>) -> Self {
        let before = before.map(Self::all);
        let old = before.as_ref().map_or(&[][..], |servers| servers);
        let known = urls.iter().flat_map(|url| match address::literal(url) {
            Some(address) => vec![server(old, url, address)],
            None => old.iter().filter(|server| server.url() == url).cloned().collect(),
        });
        Self { known: ArcSwap::from_pointee(known.collect()), upstream, urls, failing: Mutex::default() }
    }

    /// The servers of this moment.
    pub(super) fn all(&self) -> Guard<Arc<Vec<Arc<Server>>>> {
        self.known.load()
    }

    /// Whether any address comes from a name.
    pub(super) fn have_names(&self) -> bool {
        self.urls.iter().any(|url| address::literal(url).is_none())
    }

    /// Looks every name up. What cannot be looked up stays as it was last known.
    pub(super) async fn look_up(&self) {
        let named = self.urls.iter().filter(|url| address::literal(url).is_none());
        let asked = named.map(|url| async move { (url, address::look_up(url).await) });
        let answers = futures_util::future::join_all(asked).await;
        for (url, addresses) in &answers {
            self.report(&url.host, addresses.is_some());
        }
        self.follow(&answers);
    }

    fn follow(&self, answers: &[(&ServerUrl, Option<Vec<SocketAddr>>)]) {
        let old = self.known.load_full();
        let found =
            |url: &ServerUrl| answers.iter().find(|(asked, _)| *asked == url).and_then(|(_, found)| found.as_ref());
        let now = self.urls.iter().flat_map(|url| match (address::literal(url), found(url)) {
            (Some(address), _) => vec![server(&old, url, address)],
            (None, Some(addresses)) => addresses.iter().map(|address| server(&old, url, *address)).collect(),
            (None, None) => old.iter().filter(|server| server.url() == url).cloned().collect(),
        });
        let now: Vec<_> = now.collect();
        let is_same = now.len() == old.len() && now.iter().zip(old.iter()).all(|(new, old)| Arc::ptr_eq(new, old));
        if !is_same {
            let addresses: Vec<_> = now.iter().map(|server| &**server.address_text()).collect();
            info!(
                upstream = &*self.upstream,
                servers = addresses.join(" "),
                "the servers of an upstream are others now"
            );
            self.known.store(Arc::new(now));
        }
    }

    /// One line a change, not one a look-up.
    fn report(&self, host: &str, found: bool) {
        let mut failing = self.failing.lock();
        if found && failing.remove(host) {
            info!(upstream = &*self.upstream, host, "a name can be looked up again");
        } else if !found && failing.insert(host.to_owned()) {
            warn!(upstream = &*self.upstream, host, "a name cannot be looked up: its last addresses are kept");
        }
    }
}

fn server(old: &[Arc<Server>], url: &ServerUrl, address: SocketAddr) -> Arc<Server> {
    let same = old.iter().find(|server| server.url() == url && server.address() == address);
    same.map_or_else(|| Arc::new(Server::new(url.clone(), address)), Arc::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(host: &str) -> ServerUrl {
        ServerUrl { tls: false, host: host.into(), port: 80 }
    }

    #[tokio::test]
    async fn a_server_whose_address_stays_is_the_same() {
        let servers = Servers::new("app".into(), vec![url("127.0.0.2"), url("localhost")], None);
        assert_eq!(servers.all().len(), 1);
        servers.look_up().await;
        let first = servers.all().clone();
        assert!(first.len() >= 2);
        servers.look_up().await;
        assert!(first.iter().zip(servers.all().iter()).all(|(old, new)| Arc::ptr_eq(old, new)));
        let next = Servers::new("app".into(), vec![url("localhost"), url("127.0.0.3")], Some(&servers));
        assert!(next.all().iter().any(|server| first.iter().any(|old| Arc::ptr_eq(old, server))));
        assert!(!next.all().iter().any(|server| server.url() == &url("127.0.0.2")));
    }

    #[test]
    fn a_name_that_moves_is_followed() {
        let app = url("app.test");
        let servers = Servers::new("app".into(), vec![app.clone()], None);
        let addresses = |texts: &[&str]| Some(texts.iter().map(|text| text.parse().unwrap()).collect());
        let shown = || servers.all().iter().map(|server| server.address_text().to_string()).collect::<Vec<_>>();
        servers.follow(&[(&app, addresses(&["10.0.0.1:80", "10.0.0.2:80"]))]);
        let second = Arc::clone(&servers.all()[1]);
        servers.follow(&[(&app, addresses(&["10.0.0.2:80", "10.0.0.3:80"]))]);
        assert_eq!(shown(), ["10.0.0.2:80", "10.0.0.3:80"]);
        assert!(Arc::ptr_eq(&servers.all()[0], &second), "what is known of a server that stays is lost");
        servers.follow(&[(&app, None)]);
        assert_eq!(shown(), ["10.0.0.2:80", "10.0.0.3:80"]);
    }

    #[tokio::test]
    async fn what_cannot_be_looked_up_stays() {
        let servers = Servers::new("app".into(), vec![url("no-such-name.invalid")], None);
        let good = Arc::new(Server::new(url("no-such-name.invalid"), "127.0.0.9:80".parse().unwrap()));
        servers.known.store(Arc::new(vec![Arc::clone(&good)]));
        servers.look_up().await;
        assert!(Arc::ptr_eq(&servers.all()[0], &good));
    }
}
