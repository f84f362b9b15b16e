//! One request on its way through the gateway: Pingora's context.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use pingora::proxy::Session;
use uuid::Uuid;

use crate::api::About;
use crate::app::{Services, Snapshot};
use crate::forward::Forward;
use crate::gateway::Admission;
use crate::id;
use crate::problem::{Facts, Rejection};
use crate::request::Incoming;
use crate::routing::{Cors, Route};
use crate::stay::Guest;
use crate::telemetry::{Record, shown};
use crate::upstream::{Tried, Upstream, UpstreamError};

/// The request's own view: the snapshot it began with, how far it is, and what its log line will say.
pub struct Passage {
    pub(super) began: Instant,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) stage: Stage,
    pub(super) record: Record,
    pub(super) cors: Option<Cors>,
    /// The request as the owner of its connection sees it.
    pub(super) guest: Option<Arc<Guest>>,
    /// Whether a hook has panicked: then the request fails with that reason, whatever else is noted of it.
    pub(super) panicked: bool,
    services: Arc<Services>,
    logged: bool,
}

/// How far a request is. `upstream_peer` in any other stage than `Forwarding` is a defect.
pub(super) enum Stage {
    /// Nothing is decided.
    Arrived,
    /// Admitted, and on its way to an upstream.
    Forwarding(Box<Forwarding>),
    /// Answered here.
    Answered,
}

/// A request on its way to an upstream.
pub(super) struct Forwarding {
    pub(super) forward: Forward,
    pub(super) tried: Tried,
    /// Known from the first try on.
    pub(super) upstream: Option<Arc<Upstream>>,
    /// Whether it was sent again on a new connection.
    pub(super) resent: bool,
    pub(super) failure: Option<UpstreamError>,
    pub(super) body_bytes: u64,
    pub(super) informational: u32,
}

impl Forwarding {
    pub(super) fn new(forward: Forward) -> Self {
        Self {
            forward,
            tried: Tried::default(),
            upstream: None,
            resent: false,
            failure: None,
            body_bytes: 0,
            informational: 0,
        }
    }
}

impl Passage {
    pub(super) fn new(snapshot: Arc<Snapshot>, services: &Arc<Services>) -> Self {
        services.journal.metrics().in_flight().inc();
        Self {
            began: Instant::now(),
            snapshot,
            stage: Stage::Arrived,
            record: Record::default(),
            cors: None,
            guest: Guest::served(),
            panicked: false,
            services: Arc::clone(services),
            logged: false,
        }
    }

    /// Gives a request that could not be read what its answer and its line need.
    pub(super) fn identify(&mut self, session: &Session) {
        if self.record.request_id.is_empty() {
            self.name(id::request_id());
            let peer = session.client_addr().and_then(|peer| peer.as_inet());
            self.record.client = peer.map(|peer| shown(*peer)).unwrap_or_default().into();
        }
    }

    fn name(&mut self, request_id: Arc<str>) {
        if let Some(guest) = &self.guest {
            guest.name(Arc::clone(&request_id));
        }
        self.record.request_id = request_id;
    }

    /// Writes down what was read.
    pub(super) fn note_request(&mut self, incoming: &Incoming) {
        self.name(Arc::clone(&incoming.id));
        self.record.client = incoming.client.address_text();
        self.record.method = incoming.method.name();
        self.record.host = incoming.host.shared_name();
        self.record.path = Arc::clone(incoming.path.shared());
    }

    /// Writes down where it leads.
    pub(super) fn note_route(&mut self, route: &Route) {
        self.record.route = Some(Arc::clone(&route.label));
    }

    /// Writes down who asks.
    pub(super) fn note_admission(&mut self, admission: &Admission) {
        if let Some(principal) = admission.grant().principal() {
            self.note_caller(principal.identity().subject().sub(), principal.account().id());
        }
    }

    pub(super) fn note_caller(&mut self, subject: &Arc<str>, user: Uuid) {
        self.record.subject = Some(Arc::clone(subject));
        self.record.user = Some(user);
    }

    /// Writes down who became known while an endpoint answered.
    pub(super) fn note_about(&mut self, about: &About) {
        self.record.subject = Some(Arc::clone(&about.subject));
        self.record.user = about.user;
    }

    /// Writes down which server was tried last.
    pub(super) fn note_server(&mut self) {
        let server =
            self.forwarding().and_then(|forwarding| Some(Arc::clone(forwarding.tried.latest()?.address_text())));
        self.record.server = server.or_else(|| self.record.server.take());
    }

    /// Writes the line of a request that was dropped half-way. Where Pingora itself panics, a second panic would end the
    /// process.
    fn log_dropped(&mut self) {
        let broken = self.panicked || std::thread::panicking();
        let written = catch_unwind(AssertUnwindSafe(|| {
            self.note_server();
            self.record.reason = if broken { Facts::from(&Rejection::Internal).reason } else { "client-closed" };
            self.log();
        }));
        if written.is_err() {
            self.services.journal.metrics().panicked();
        }
    }

    /// Writes the request's line, once. Why the gateway ended it says more than how that looked from inside.
    pub(super) fn log(&mut self) {
        if std::mem::replace(&mut self.logged, true) {
            return;
        }
        if let Some(reason) = self.guest.as_ref().and_then(|guest| guest.shown_out()) {
            self.record.reason = reason;
        }
        self.services.journal.request(&self.record, self.began);
    }

    pub(super) fn forwarding(&mut self) -> Option<&mut Forwarding> {
        match &mut self.stage {
            Stage::Forwarding(forwarding) => Some(forwarding),
            Stage::Arrived | Stage::Answered => None,
        }
    }
}

/// A request is counted for as long as it lives, however it ends; whoever waits for the last one finds its line written.
impl Drop for Passage {
    fn drop(&mut self) {
        if !self.logged {
            self.log_dropped();
        }
        self.services.journal.metrics().in_flight().dec();
    }
}
