//! The tasks that read the events of the issuers.

use std::sync::Arc;
use std::time::Duration;

use super::issuers::IssuerInUse;
use super::realm;
use super::running::Running;
use super::workshop::Workshop;
use crate::clock::Clock;
use crate::config::Issuer;
use crate::keycloak::Admin;
use crate::signals::{Freshness, Meaning, Poller};

/// The events of an issuer in use; they are read for as long as this is kept.
#[derive(Clone)]
pub(super) struct EventsInUse {
    issuer: Issuer,
    freshness: Arc<Freshness>,
    _task: Arc<Running>,
}

impl EventsInUse {
    /// The task of before where nothing has changed, else a new one; none where the issuer's events are not to be
    /// read, or we have no client there to read them with.
    pub(super) fn of(issuer: &IssuerInUse, before: &[Self], workshop: &Workshop) -> Option<Self> {
        let (issuer, keys) = (issuer.settings(), issuer.keys());
        if let Some(same) = before.iter().find(|before| before.issuer == *issuer) {
            return Some(same.clone());
        }
        if issuer.events_interval.is_zero() || issuer.client.is_none() {
            return None;
        }
        let admin = Admin::new(Arc::new(realm::oidc(issuer, &workshop.http)))?;
        let freshness = Arc::new(Freshness::never());
        let poller = Arc::new(Poller {
            admin,
            meaning: Meaning {
                issuer: Arc::clone(&issuer.issuer),
                clients: issuer.allowed_clients.clone(),
                own: issuer.client.as_ref().map(|client| client.id.clone()),
                roles: !issuer.roles.is_empty(),
            },
            keys: Arc::clone(keys),
            name: Arc::clone(&issuer.name),
            interval: issuer.events_interval,
            keep: workshop.keep,
            cursors: Arc::clone(&workshop.store) as _,
            announcer: Arc::clone(&workshop.announcer),
            standing: Arc::clone(&workshop.standing),
            metrics: workshop.signals.metrics().clone(),
            clock: workshop.clock.clone(),
            freshness: Arc::clone(&freshness),
        });
        let task = Running::restarting("events", move || Arc::clone(&poller).run());
        Some(Self { issuer: issuer.clone(), freshness, _task: Arc::new(task) })
    }

    /// The issuer's short name.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.issuer.name
    }

    /// How long ago they were read.
    pub(super) fn age(&self, clock: &Clock) -> Option<Duration> {
        self.freshness.age(clock)
    }

    /// Whether they are read in time.
    pub(super) fn are_heard(&self, clock: &Clock) -> bool {
        self.age(clock).is_some_and(|age| age < self.issuer.events_interval.saturating_mul(2) + PATIENCE)
    }
}

/// Longer than one call may take.
const PATIENCE: Duration = Duration::from_secs(5);
