//! What a reload swaps whole.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::checkup::CheckupInUse;
use super::events::EventsInUse;
use super::issuers::IssuerInUse;
use super::upkeep::Upkeep;
use crate::api::Api;
use crate::clock::Clock;
use crate::config::Settings;
use crate::doctor::Finding;
use crate::gateway::Gateway;
use crate::identity::Identities;
use crate::listener::Limits;
use crate::request::TrustedProxies;
use crate::routing::Routes;
use crate::upstream::Upstreams;

/// Everything that the settings decide about a request. A request keeps the one that it began with, so that none is
/// judged by two files.
pub struct Snapshot {
    /// The routes, ours among them.
    pub routes: Routes,
    /// The steps from credential to grant.
    pub gateway: Arc<Gateway>,
    /// Whose tokens prove what, with what was proven.
    pub identities: Arc<Identities>,
    /// The endpoints of our own.
    pub api: Api,
    /// The upstreams.
    pub upstreams: Upstreams,
    /// What a connection may use.
    pub limits: Limits,
    /// Whose word about the client counts.
    pub trusted_proxies: TrustedProxies,
    /// What it was made of, without the routes.
    pub(super) settings: Settings,
    /// The tasks end with the last snapshot that uses them.
    pub(super) issuers: Vec<IssuerInUse>,
    /// The tasks that read their events.
    pub(super) events: Vec<EventsInUse>,
    pub(super) upkeep: Mutex<Vec<Upkeep>>,
    /// Whether Keycloak is what the promises need, where that is looked at.
    pub(super) checkup: Option<CheckupInUse>,
}

impl Snapshot {
    /// What was found last of Keycloak and the users database, where that is looked at.
    #[must_use]
    pub fn checkup(&self) -> Arc<Vec<Finding>> {
        self.checkup.as_ref().map(CheckupInUse::findings).unwrap_or_default()
    }

    /// Another is in force now. What goes on by this one, as a WebSocket may for hours, needs no servers any more: their
    /// names are not looked up for it, nor is their health.
    pub(super) fn retire(&self) {
        self.upkeep.lock().clear();
    }

    /// For every issuer whose events are read, how long ago they were, and whether that is in time.
    pub fn events(&self, clock: &Clock) -> impl Iterator<Item = (&Arc<str>, Option<Duration>, bool)> {
        self.events.iter().map(|events| (events.name(), events.age(clock), events.are_heard(clock)))
    }
}
