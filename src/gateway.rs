//! A request is admitted or refused: every step in the order in which it happens.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::WhenBlind;
use crate::identity::{Identities, Identity, ProveError};
use crate::keycloak::Introspection;
use crate::policy::{Grant, Rule};
use crate::problem::{Caller, Rejection};
use crate::request::{Credential, CredentialError, Incoming, Presented};
use crate::rights::{Directory, EnrichError, Principal};
use crate::routing::Route;
use crate::signals::{Cause, IntrospectError, Introspector};
use crate::standing::{Death, Live, Staleness, Standing, Verdict};
use crate::streams::Streams;

/// The steps that outlive a reload.
pub struct Gateway {
    identities: Arc<Identities>,
    directory: Arc<Directory>,
    standing: Arc<Standing>,
    introspector: Arc<Introspector>,
    when_blind: WhenBlind,
    clock: Clock,
}

/// What tells of a credential whether it is alive, where memory cannot.
#[derive(Clone, Copy)]
pub enum Evidence<'e> {
    /// An access token, about which Keycloak can be asked.
    Token(&'e str),
    /// An access token, about which Keycloak must be asked.
    Strict(&'e str),
    /// What Keycloak said of it since the request came.
    Said(&'e Introspection),
}

/// What memory is trusted by.
enum Trust<'e> {
    Lease,
    Said(&'e Introspection),
    Asked(Arc<Introspection>),
}

/// What a request is admitted to.
#[derive(Clone, Debug)]
pub struct Admission {
    route: Arc<Route>,
    grant: Grant,
}

impl Admission {
    /// The route.
    #[must_use]
    pub fn route(&self) -> &Arc<Route> {
        &self.route
    }

    /// The leave to enter it.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }
}

impl Gateway {
    /// Puts the steps together.
    #[must_use]
    pub fn new(
        identities: Arc<Identities>,
        directory: Arc<Directory>,
        standing: Arc<Standing>,
        (introspector, when_blind): (Arc<Introspector>, WhenBlind),
    ) -> Self {
        let clock = standing.clock().clone();
        Self { identities, directory, standing, introspector, when_blind, clock }
    }

    /// Judges whoever asks by the rule of the route.
    pub async fn admit(&self, route: &Arc<Route>, incoming: &Incoming) -> Result<Admission, Rejection> {
        let grant = match &route.rule {
            Rule::Public => Grant::public(),
            Rule::Protected(requirements) => {
                let token = bearer(&incoming.presented)?;
                let identity = self.prove_bearer(token).await?;
                let evidence = if requirements.strict { Evidence::Strict(token) } else { Evidence::Token(token) };
                let live = self.confirm(identity, evidence).await?;
                let caller = caller(&live);
                requirements.judge(live).map_err(|denial| Rejection::Denied(denial, caller))?
            }
        };
        Ok(Admission { route: Arc::clone(route), grant })
    }

    /// Who a bearer token proves.
    pub async fn prove_bearer(&self, token: &str) -> Result<Arc<Identity>, ProveError> {
        self.identities.prove_bearer(token, self.clock.wall()).await
    }

    /// Enriches, and asks last whether all of it is still true. What was read before a change is read again.
    pub async fn confirm(&self, identity: Arc<Identity>, evidence: Evidence<'_>) -> Result<Live, Rejection> {
        let mut last = Rejection::Blind;
        for _ in 0..TRUSTS {
            let trust = self.trust(&identity, evidence).await?;
            let confirm = |principal| match &trust {
                Trust::Lease => self.standing.confirm(principal),
                Trust::Said(said) => self.standing.confirm_active(principal, said),
                Trust::Asked(said) => self.standing.confirm_active(principal, said),
            };
            match self.settle(Arc::clone(&identity), confirm).await {
                // The lease ended while the rights were read.
                Err(rejection @ Rejection::Blind) => last = rejection,
                outcome => return outcome,
            }
        }
        Err(last)
    }

    /// Whether a request that was admitted and goes on would be admitted still, but for the end of its token.
    pub async fn still_admits(&self, admission: &Admission) -> Result<(), Rejection> {
        let (Rule::Protected(requirements), Some(before)) = (&admission.route.rule, admission.grant.live()) else {
            return Ok(());
        };
        let identity = Arc::clone(before.principal().shared_identity());
        // Asked of memory alone: whoever is dead must not go on because their rights cannot be read.
        if let Some(death) = self.standing.revoked().death(&identity) {
            return Err(death.into());
        }
        let live = self.settle(identity, |principal| self.standing.still(principal, before.at())).await?;
        let caller = caller(&live);
        requirements.judge(live).map(drop).map_err(|denial| Rejection::Denied(denial, caller))
    }

    /// The requests that go on.
    #[must_use]
    pub fn streams(&self) -> &Arc<Streams> {
        self.standing.streams()
    }

    async fn settle(&self, identity: Arc<Identity>, confirm: impl Fn(Principal) -> Verdict) -> Result<Live, Rejection> {
        for _ in 0..READS {
            let principal = match self.enrich(&identity).await? {
                Some(principal) => principal,
                None => continue,
            };
            match confirm(principal) {
                Verdict::Live(live) => return Ok(live),
                Verdict::Dead(death) => return Err(death.into()),
                Verdict::Stale(staleness) => self.read_again(&identity, staleness).await?,
                Verdict::Blind => return Err(Rejection::Blind),
            }
        }
        Err(Rejection::Unsettled)
    }

    /// Whether anything can be judged at all: before something is spent for an answer that could not be.
    pub async fn see(&self) -> Result<(), Rejection> {
        let asks = self.when_blind == WhenBlind::Introspect && self.standing.lets_rights_pass();
        if self.has_lease().await || asks { Ok(()) } else { Err(Rejection::Blind) }
    }

    /// A node that hears of no changes does not know whom to refuse. It has the log polled at once and waits a moment;
    /// then Keycloak is asked, by a call that is sent after the request came. A strict route has it asked in any case,
    /// and takes nothing else away: who has a lease must have it still when the answer is there.
    async fn trust<'e>(&self, identity: &Identity, evidence: Evidence<'e>) -> Result<Trust<'e>, Rejection> {
        let (has_lease, strict) = (self.has_lease().await, matches!(evidence, Evidence::Strict(_)));
        if has_lease && !strict {
            return Ok(Trust::Lease);
        }
        if !has_lease && (self.when_blind == WhenBlind::Refuse || !self.standing.lets_rights_pass()) {
            return Err(Rejection::Blind);
        }
        if let Some(death) = self.standing.revoked().death(identity) {
            return Err(death.into());
        }
        let (cause, token) = match evidence {
            Evidence::Said(said) => return Ok(Trust::Said(said)),
            Evidence::Token(token) => (Cause::Blind, token),
            Evidence::Strict(token) => (Cause::Strict, token),
        };
        match self.introspector.ask(cause, identity, token).await {
            Ok(_) if has_lease => Ok(Trust::Lease),
            Ok(said) => Ok(Trust::Asked(said)),
            Err(IntrospectError::Inactive) => Err(Death::Inactive.into()),
            Err(IntrospectError::Keycloak(error)) if has_lease => Err(Rejection::Unasked(error)),
            // Nobody can be asked; but the log may have been heard meanwhile.
            Err(IntrospectError::Keycloak(_)) if !strict && self.has_lease().await => Ok(Trust::Lease),
            Err(IntrospectError::Keycloak(_)) => Err(Rejection::Blind),
        }
    }

    async fn has_lease(&self) -> bool {
        if self.standing.sees() {
            return true;
        }
        self.standing.fence().wait().await;
        self.standing.sees()
    }

    /// Nothing where the answer was a refusal that a newer change may turn.
    async fn enrich(&self, identity: &Arc<Identity>) -> Result<Option<Principal>, Rejection> {
        let error = match self.directory.enrich(Arc::clone(identity)).await {
            Ok(principal) => return Ok(Some(principal)),
            Err(error) => error,
        };
        let required = self.standing.required(identity.subject());
        match error.as_of() {
            Some(as_of) if as_of < required => {
                self.directory.forget(identity.subject(), required).await;
                Ok(None)
            }
            Some(_) | None => Err(EnrichError::into(error)),
        }
    }

    async fn read_again(&self, identity: &Identity, staleness: Staleness) -> Result<(), Rejection> {
        match staleness {
            Staleness::Account(position) => self.directory.forget(identity.subject(), position).await,
            Staleness::Catalogue(position) => {
                self.directory.refresh_catalogue(position).await.map_err(EnrichError::from)?;
            }
        }
        Ok(())
    }
}

fn bearer(presented: &Presented) -> Result<&str, CredentialError> {
    match presented {
        Presented::One(Credential::Bearer(token)) => Ok(token.expose()),
        Presented::One(Credential::Client(_)) | Presented::Nothing => Err(CredentialError::Missing),
        Presented::Unusable(error) => Err(*error),
    }
}

fn caller(live: &Live) -> Caller {
    let principal = live.principal();
    Caller { subject: Arc::clone(principal.identity().subject().sub()), user: principal.account().id() }
}

/// By a lease, and once more where it ends meanwhile.
const TRUSTS: usize = 2;

/// The first read, and two more when changes overtake it.
const READS: usize = 3;

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;
