//! One upstream: which of its servers gets a request, and what is learned from how it fared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tracing::{info, warn};

use super::breaker::Breaker;
use super::budget::Budget;
use super::servers::Servers;
use super::waiting::Waiting;
use super::{Server, Tried, UpstreamError, UpstreamMetrics};
use crate::clock::Clock;
use crate::config;

/// Servers that are equal to each other, taken in turn.
#[derive(Debug)]
pub struct Upstream {
    settings: config::Upstream,
    servers: Servers,
    turn: AtomicUsize,
    breaker: Breaker,
    budget: Budget,
    waiting: Waiting,
    metrics: UpstreamMetrics,
    clock: Clock,
}

impl Upstream {
    /// An upstream; servers that were in use before go on with all that is known of them, and who waits is counted on.
    pub(super) fn new(
        settings: config::Upstream,
        before: Option<&Self>,
        metrics: UpstreamMetrics,
        clock: Clock,
    ) -> Self {
        metrics.introduce(&settings.name);
        let waiting = before.map(|before| before.waiting.clone()).unwrap_or_default();
        let before = before.map(|before| &before.servers);
        let servers = Servers::new(Arc::clone(&settings.name), settings.servers.clone(), before);
        let (breaker, budget) = (Breaker::default(), Budget::default());
        Self { settings, servers, turn: AtomicUsize::new(0), breaker, budget, waiting, metrics, clock }
    }

    /// Time-outs, name and health checks.
    #[must_use]
    pub fn settings(&self) -> &config::Upstream {
        &self.settings
    }

    /// The servers of this moment.
    #[must_use]
    pub fn servers(&self) -> Arc<Vec<Arc<Server>>> {
        Arc::clone(&self.servers.all())
    }

    /// Whether any of its addresses comes from a name.
    #[must_use]
    pub fn has_names(&self) -> bool {
        self.servers.have_names()
    }

    /// Looks its names up once.
    pub async fn look_up(&self) {
        self.servers.look_up().await;
    }

    /// Looks its names up again and again.
    pub async fn follow_names(&self) {
        while self.has_names() {
            self.look_up().await;
            tokio::time::sleep(BETWEEN_LOOK_UPS).await;
        }
    }

    /// The next server in turn, of those that are not passed over. Where all are, one request a second gets one all the
    /// same, and the others are told at once; so is everybody where too many wait.
    pub fn next(&self, tried: &mut Tried) -> Result<Arc<Server>, UpstreamError> {
        if tried.latest.is_none() {
            if self.waiting.is_full(self.settings.max_waiting) {
                return Err(UpstreamError::Full);
            }
            self.budget.earn();
        }
        let servers = self.servers.all();
        let start = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = || (0..servers.len()).filter_map(|step| servers.get(start.wrapping_add(step) % servers.len()));
        let mut fresh = in_turn().filter(|server| !tried.could_not_reach(server));
        let chosen = fresh.find(|server| server.condition.takes(&self.clock));
        let chosen = chosen.or_else(|| self.probe(tried).then(|| in_turn().next()).flatten());
        match chosen {
            Some(server) => {
                tried.is_second_chance = !server.condition.is_good();
                tried.latest = Some(Arc::clone(server));
                Ok(Arc::clone(server))
            }
            None if servers.is_empty() => Err(UpstreamError::Unresolved),
            None if tried.unreachable.is_empty() => Err(UpstreamError::Down),
            None => Err(UpstreamError::Refused),
        }
    }

    /// Whether a request that found nobody goes to somebody all the same.
    fn probe(&self, tried: &mut Tried) -> bool {
        tried.is_probe = tried.latest.is_none() && self.breaker.admits(&self.clock);
        tried.is_probe
    }

    /// The latest server could not be reached, and is passed over for a while. Whether the request, of which nothing was
    /// sent, goes to another one.
    pub fn unreachable(&self, tried: &mut Tried, cause: UpstreamError) -> bool {
        let Some(server) = tried.latest.clone() else { return false };
        self.fail(&server, tried.is_second_chance, cause);
        tried.unreachable.push(server);
        let servers = self.servers.all();
        let more = servers
            .iter()
            .any(|server| !tried.could_not_reach(server) && !server.condition.is_passed_over(&self.clock));
        more && !tried.is_probe && self.may_retry()
    }

    /// The latest server took the request and did not answer. It is passed over where that happens again and again, as
    /// long as most of the others are not: that some requests are never answered must not take all servers away.
    pub fn unanswered(&self, tried: &Tried, cause: UpstreamError) {
        let Some(server) = &tried.latest else { return };
        if server.condition.stumble() && (self.can_spare(server) || !server.condition.is_good()) {
            self.fail(server, tried.is_second_chance, cause);
        }
    }

    /// The client has said all of its request, and waits from now on.
    pub fn asked(&self, tried: &mut Tried) {
        if !tried.is_answered {
            tried.waiter.get_or_insert_with(|| self.waiting.join());
        }
    }

    /// The latest server answered, whatever it said.
    pub fn answered(&self, tried: &mut Tried) {
        (tried.waiter, tried.is_answered) = (None, true);
        if let Some(server) = tried.latest.as_ref().filter(|server| server.condition.answer()) {
            self.report_back(server);
        }
    }

    /// Whether one more request may be sent again.
    pub fn may_retry(&self) -> bool {
        let may = self.budget.spend(&self.clock);
        self.metrics.retry(&self.settings.name, may);
        may
    }

    /// A health check of a server ended well or not.
    pub fn checked(&self, server: &Server, health: &config::Health, well: bool) {
        if !server.condition.check(well, health) {
            return;
        }
        if well {
            self.report_back(server);
        } else {
            self.metrics.checked_out(&self.settings.name);
            let (upstream, server) = (&*self.settings.name, &**server.address_text());
            warn!(upstream, server, cause = "health-check", "a server is passed over until it is well again");
        }
    }

    /// Shows the servers of this moment.
    pub(super) fn observe(&self) {
        for server in self.servers.all().iter() {
            let up = !server.condition.is_passed_over(&self.clock);
            self.metrics.server(&self.settings.name, server.address_text(), up);
        }
    }

    fn fail(&self, server: &Server, is_second_chance: bool, cause: UpstreamError) {
        let Some(rest) = server.condition.fail(is_second_chance, &self.clock) else { return };
        self.metrics.failed(&self.settings.name, cause);
        if !is_second_chance {
            let (upstream, server) = (&*self.settings.name, &**server.address_text());
            warn!(upstream, server, cause = cause.cause(), ?rest, "a server is passed over for a while that grows");
        }
    }

    /// At most half of the servers are passed over because of what they did not answer.
    fn can_spare(&self, server: &Server) -> bool {
        let servers = self.servers.all();
        let others = servers.iter().filter(|other| !std::ptr::eq(&raw const ***other, server));
        let away = others.filter(|other| other.condition.is_passed_over(&self.clock)).count();
        (away + 1) * 2 <= servers.len()
    }

    fn report_back(&self, server: &Server) {
        info!(upstream = &*self.settings.name, server = &**server.address_text(), "a server takes requests again");
    }
}

/// The time to live of an answer is not told by the system; this is what a change may take.
const BETWEEN_LOOK_UPS: Duration = Duration::from_secs(5);

#[cfg(test)]
#[path = "upstream_tests.rs"]
mod tests;
