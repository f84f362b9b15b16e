//! The servers of the upstreams, taken in turn.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Server, UpstreamError};
use crate::clock::Clock;
use crate::config;

/// An upstream: servers that are equal to each other.
#[derive(Debug)]
pub struct Upstream {
    settings: config::Upstream,
    servers: Vec<Arc<Server>>,
    turn: AtomicUsize,
}

/// Every upstream by its name.
#[derive(Debug)]
pub struct Upstreams(HashMap<Arc<str>, Arc<Upstream>>);

/// The servers that one request has tried. One that refused the connection is not tried again; one whose kept
/// connection broke may be, on a new connection.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    latest: Option<Arc<Server>>,
    refused: Vec<Arc<Server>>,
}

impl Tried {
    /// The server of the latest try.
    #[must_use]
    pub fn latest(&self) -> Option<&Arc<Server>> {
        self.latest.as_ref()
    }

    /// The server of the latest try refused the connection; others are tried first for a while.
    pub fn refused(&mut self, clock: &Clock) {
        if let Some(server) = &self.latest {
            server.refused(clock);
            self.refused.push(Arc::clone(server));
        }
    }

    fn has_refused(&self, server: &Arc<Server>) -> bool {
        self.refused.iter().any(|refused| Arc::ptr_eq(refused, server))
    }
}

impl Upstreams {
    /// Takes the upstreams of the configuration.
    #[must_use]
    pub fn new(settings: Vec<config::Upstream>) -> Self {
        Self(settings.into_iter().map(|one| (Arc::clone(&one.name), Arc::new(Upstream::new(one)))).collect())
    }

    /// The upstream of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.0.get(name)
    }

    /// Looks up every name once.
    pub async fn resolve(&self) {
        let servers = self.0.values().flat_map(|upstream| &upstream.servers);
        futures_util::future::join_all(servers.map(|server| server.resolve())).await;
    }

    /// Looks names up again and again, so that a server that moves is followed.
    pub async fn follow_names(self: Arc<Self>) {
        loop {
            tokio::time::sleep(BETWEEN_LOOKUPS).await;
            self.resolve().await;
        }
    }
}

impl Upstream {
    fn new(settings: config::Upstream) -> Self {
        let servers = settings.servers.iter().cloned().map(|url| Arc::new(Server::new(url))).collect();
        Self { settings, servers, turn: AtomicUsize::new(0) }
    }

    /// Time-outs and name.
    #[must_use]
    pub fn settings(&self) -> &config::Upstream {
        &self.settings
    }

    /// The next server: one that looks up, in turn; where none does, one that was not tried yet.
    pub fn next(&self, tried: &mut Tried, clock: &Clock) -> Result<Arc<Server>, UpstreamError> {
        let start = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = || {
            let count = self.servers.len();
            (0..count).filter_map(move |step| self.servers.get(start.wrapping_add(step) % count))
        };
        let fresh = |server: &&Arc<Server>| server.address().is_some() && !tried.has_refused(server);
        let chosen = in_turn().filter(fresh).find(|server| server.looks_up(clock)).or_else(|| in_turn().find(fresh));
        match chosen {
            Some(server) => {
                tried.latest = Some(Arc::clone(server));
                Ok(Arc::clone(server))
            }
            None if tried.refused.is_empty() => Err(UpstreamError::Unresolved),
            None => Err(UpstreamError::Refused),
        }
    }
}

const BETWEEN_LOOKUPS: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ServerUrl;

    fn upstream(servers: u16) -> Upstream {
        Upstream::new(config::Upstream {
            name: "app".into(),
            servers: (1..=servers).map(|port| ServerUrl { tls: false, host: "127.0.0.1".into(), port }).collect(),
            connect_timeout: Duration::from_secs(1),
            write_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            http2: false,
        })
    }

    fn next(upstream: &Upstream, clock: &Clock) -> u16 {
        upstream.next(&mut Tried::default(), clock).unwrap().url().port
    }

    #[test]
    fn servers_take_turns() {
        let (upstream, clock) = (upstream(3), Clock::manual());
        assert_eq!([1, 2, 3, 1], [0; 4].map(|_| next(&upstream, &clock)));
    }

    #[test]
    fn a_server_that_refused_is_passed_over_for_a_while() {
        let (upstream, clock) = (upstream(2), Clock::manual());
        clock.advance(Duration::from_secs(10));
        let mut tried = Tried::default();
        upstream.next(&mut tried, &clock).unwrap();
        tried.refused(&clock);
        assert_eq!([2, 2, 2], [0; 3].map(|_| next(&upstream, &clock)));
        clock.advance(REST_AND_MORE);
        assert!([0; 2].map(|_| next(&upstream, &clock)).contains(&1));
    }

    #[test]
    fn one_request_tries_every_server_once_also_when_all_refused_lately() {
        let (upstream, clock) = (upstream(2), Clock::manual());
        for _ in 0..2 {
            let mut tried = Tried::default();
            for _ in 0..2 {
                upstream.next(&mut tried, &clock).unwrap();
                tried.refused(&clock);
            }
            assert_eq!(upstream.next(&mut tried, &clock).unwrap_err(), UpstreamError::Refused);
        }
    }

    const REST_AND_MORE: Duration = Duration::from_secs(3);
}
