//! A request is admitted or refused: every step in the order in which it happens.

use std::sync::Arc;

use crate::clock::Clock;
use crate::identity::{Identities, Identity, ProveError};
use crate::policy::{Grant, Rule};
use crate::problem::{Caller, Rejection};
use crate::request::{Credential, CredentialError, Incoming, Presented};
use crate::rights::{Directory, EnrichError, Principal};
use crate::routing::Route;
use crate::standing::{Live, Staleness, Standing, Verdict};
use crate::streams::Streams;

/// The steps that outlive a reload.
pub struct Gateway {
    identities: Arc<Identities>,
    directory: Arc<Directory>,
    standing: Arc<Standing>,
    clock: Clock,
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
    pub fn new(identities: Arc<Identities>, directory: Arc<Directory>, standing: Arc<Standing>, clock: Clock) -> Self {
        Self { identities, directory, standing, clock }
    }

    /// Judges whoever asks by the rule of the route.
    pub async fn admit(&self, route: &Arc<Route>, incoming: &Incoming) -> Result<Admission, Rejection> {
        let grant = match &route.rule {
            Rule::Public => Grant::public(),
            Rule::Protected(requirements) => {
                let identity = self.prove(&incoming.presented).await?;
                let live = self.confirm(identity).await?;
                let caller = caller(&live);
                requirements.judge(live).map_err(|denial| Rejection::Denied(denial, caller))?
            }
        };
        Ok(Admission { route: Arc::clone(route), grant })
    }

    async fn prove(&self, presented: &Presented) -> Result<Arc<Identity>, Rejection> {
        match presented {
            Presented::One(Credential::Bearer(token)) => Ok(self.prove_bearer(token.expose()).await?),
            Presented::One(Credential::Client(_)) | Presented::Nothing => Err(CredentialError::Missing.into()),
            Presented::Unusable(error) => Err((*error).into()),
        }
    }

    /// Who a bearer token proves.
    pub async fn prove_bearer(&self, token: &str) -> Result<Arc<Identity>, ProveError> {
        self.identities.prove_bearer(token, self.clock.wall()).await
    }

    /// Enriches, and asks last whether all of it is still true. What was read before a change is read again.
    pub async fn confirm(&self, identity: Arc<Identity>) -> Result<Live, Rejection> {
        self.settle(identity, |principal| self.standing.confirm(principal)).await
    }

    /// Whether a request that was admitted and goes on would be admitted still, but for the end of its token.
    pub async fn still_admits(&self, admission: &Admission) -> Result<(), Rejection> {
        let (Rule::Protected(requirements), Some(before)) = (&admission.route.rule, admission.grant.live()) else {
            return Ok(());
        };
        let identity = Arc::clone(before.principal().shared_identity());
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
        self.see().await?;
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

    /// A node that hears of no changes knows nothing, not even whom to refuse; it waits once for the next poll.
    pub async fn see(&self) -> Result<(), Rejection> {
        if !self.standing.sees() {
            self.standing.fence().wait().await;
        }
        if self.standing.sees() { Ok(()) } else { Err(Rejection::Blind) }
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

fn caller(live: &Live) -> Caller {
    let principal = live.principal();
    Caller { subject: Arc::clone(principal.identity().subject().sub()), user: principal.account().id() }
}

/// The first read, and two more when changes overtake it.
const READS: usize = 3;

#[cfg(test)]
mod tests;
